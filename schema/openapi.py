"""OpenAPI import: the plan, and the import."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import strawberry

from models.vocabulary import CapabilityChangeKind
from proxy.openapi import Skipped
from resolvers.openapi import mutations as operations
from resolvers.openapi import queries
from resolvers.openapi.hits import HitFlow
from resolvers.openapi.importing import ImportOpenApi
from schema.audit import FieldChange
from schema.integration.fields import IntegrationResult
from schema.kit.context import Info
from schema.kit.field import column, derived, given
from schema.kit.mutation import answering, asked, mutation
from schema.kit.node import view
from schema.kit.result import Result
from schema.kit.translate import command

_COST = 100


@strawberry.input(description="An OpenAPI document and what to take of it.")
class ImportOpenApiInput:
    integration_id: strawberry.ID = strawberry.field(description="Into which.")
    upload_id: strawberry.ID = strawberry.field(description="The document: an upload for DOCUMENT, JSON or YAML.")
    tags: list[str] | None = given("Only operations with one of these tags.")
    path_prefixes: list[str] | None = given("Only paths with one of these prefixes.")
    operation_ids: list[str] | None = given("Only these operations.")
    prune: bool = strawberry.field(
        default=False, description="Drop capabilities that came from a document and are no longer in this one."
    )
    plan_digest: str | None = given("Apply only if the plan has this digest.")


@view(HitFlow, "A flow with a step that dispatches a capability.")
class AffectedFlow:
    database_id: str = derived(attrgetter("id"), "24-hex id of the flow.")
    name: str = column("Its name.")


@view(queries.PlannedChange, "A change to one capability.")
class CapabilityChange:
    name: str = derived(attrgetter("change.name"), "Its name.")
    kind: CapabilityChangeKind = derived(attrgetter("change.kind"), "What kind.")
    breaking: bool = derived(attrgetter("change.breaking"), "Callers must change.")
    fields: list[FieldChange] = derived(attrgetter("change.fields"), "What differs, at most 100 values.")
    affected_flows: list[AffectedFlow] = column("Flows that it hits, at most 100 by name. Needs FLOWS_READ.")
    affected_installation_count: int = column("Number of other organizations' installations that it hits.")


@view(Skipped, "A part of a document that no capability has, or only in a looser form.")
class SkippedPart:
    operation: str | None = column("The operation, by its id or by method and path; null for no single one.")
    place: str = column("Place in the document.")
    reason: str = column("Why, in a sentence.")


@view(queries.OpenApiPlan, "What an import would change.")
class OpenApiPlan:
    digest: str = column("Name it to apply exactly this.")
    document_title: str = column("Title and version of the document.")
    changes: list[CapabilityChange] = column("Changes, breaking ones first; at most 2,000.")
    skipped: list[SkippedPart] = column(
        "Parts that are left out or looser than in the document; at most 10,000, and ten of each operation."
    )
    skipped_count: int = column("How many parts.")


OpenApiPlanResult = Result("OpenApiPlanResult", OpenApiPlan, "A plan, or why there is none.")


async def _plan(root: Any, info: Info, input: ImportOpenApiInput) -> Any:
    return await asked(info, queries.plan_open_api_import, command(ImportOpenApi, input))


@strawberry.type
class Queries:
    """Root field of this noun."""

    plan_open_api_import = answering(
        queries.plan_open_api_import,
        OpenApiPlanResult,
        _plan,
        "What importing an OpenAPI document would change; no network.",
        metadata={"cost": _COST},
    )


@strawberry.type
class Mutations:
    """Root field of this noun."""

    import_open_api = mutation(
        operations.import_open_api,
        IntegrationResult,
        "Make capabilities from an OpenAPI document.",
        input=ImportOpenApiInput,
        reads=ImportOpenApi,
    )
