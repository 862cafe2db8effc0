"""Capabilities and event types: the types and the root fields of these nouns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from models import tables
from models.vocabulary import (
    ArrayFormat,
    BodyFormat,
    CapabilityEffect,
    HttpMethod,
    InputLocation,
    InputType,
    UnavailableReason,
)
from resolvers.capabilities import edges, queries
from resolvers.capabilities.fields import inputs
from resolvers.integrations.edges import READINESS_BY_INTEGRATION
from resolvers.readiness import availability
from schema.kit.field import column, derived, given, listing, related, to_many, to_one
from schema.kit.node import RowNode, node
from schema.kit.page import CountedPageOf, PageOf
from schema.kit.scalars import JSON, DateTime

if TYPE_CHECKING:
    from schema.dispatch import Dispatch
    from schema.integration import Integration


@strawberry.type(description="One declared input.")
class CapabilityInput:
    name: str = column("Name.")
    type: InputType = column("JSON type.")
    required: bool = column("Must be given.")
    location: InputLocation = column("Where the value goes.")
    description: str | None = column("What it is.")
    default: JSON | None = column("Used when absent.")
    options: list[JSON] = column("Allowed values; empty means any.")


@strawberry.type(description="Whether something can be used now.")
class Availability:
    available: bool = column("Yes.")
    reason: UnavailableReason | None = column("Why not.")
    missing_scopes: list[str] = column("Scopes that the connection lacks.")


@node(tables.Capability)
class Capability(RowNode):
    """An action that an integration declares."""

    name: str = column("Unique in the integration, such as SEND_MESSAGE.")
    description: str = column("What it does.")
    integration: Annotated[Integration, strawberry.lazy("schema.integration")] = to_one(
        edges.INTEGRATION_BY_CAPABILITY, "Its integration."
    )
    method: HttpMethod = column("HTTP method.")
    endpoint: str = column("Absolute https address, or path below the API base; `{input}` is filled from the inputs.")
    effect: CapabilityEffect = column("What it does to the remote service; from the method unless declared.")
    body_format: BodyFormat = column("Form of the body.")
    array_format: ArrayFormat = column("Lists in the query and in forms; an input's `x-array-format` outranks it.")
    inputs: list[CapabilityInput] = derived(inputs, "The top-level inputs, in order.")
    input_schema: JSON = column(
        "The whole declaration as JSON Schema 2020-12; `x-in` says where a value goes, `x-file` that it is a file."
    )
    output_schema: JSON | None = column("Shape of a good answer.")
    required_scopes: list[str] = column("Scopes that the connection must have been granted.")
    timeout_seconds: int = column("Total time limit.")
    digest: str = column("Digest of the declaration; changes when it does.")
    availability: Availability = related(
        READINESS_BY_INTEGRATION,
        lambda row: row.integration_id,
        "Whether you could dispatch it now, and what is missing.",
        shows=lambda row, readiness: availability(readiness, row.required_scopes, endpoint=row.endpoint),
    )
    dispatches: PageOf[Annotated[Dispatch, strawberry.lazy("schema.dispatch")]] = to_many(
        edges.DISPATCHES_BY_CAPABILITY, "Dispatches, newest first."
    )


@node(tables.EventType)
class EventType(RowNode):
    """A declared name of something that can happen."""

    name: str = column("`<Handler>.<Name>` as declared.")
    description: str = column("When it happens.")
    schema: JSON | None = derived(lambda row: row.payload_schema, "Shape of the payload; null means any object.")
    example: JSON | None = column("A payload, which the schema allows.")
    version: int = column("Grows with every change of the schema.")
    deprecated_since: DateTime | None = column("Since when it should no longer be used.")
    integration: Annotated[Integration, strawberry.lazy("schema.integration")] = to_one(
        edges.INTEGRATION_BY_EVENT_TYPE, "Its integration."
    )


@strawberry.input(description="Conditions on capabilities.")
class CapabilityFilter:
    search: str | None = given("Words in name and description.")
    effect: list[CapabilityEffect] | None = given("Effects.")
    method: list[HttpMethod] | None = given("Methods.")


@strawberry.type
class Queries:
    """Root fields of these nouns."""

    capabilities: CountedPageOf[Capability] = listing(
        queries.list_capabilities,
        "Capabilities of everything installed.",
        order=queries.BY_NAME,
        filter=(CapabilityFilter, queries.CapabilityFilter),
    )
    event_types: CountedPageOf[EventType] = listing(
        queries.list_event_types, "Event types of every integration that you see.", order=queries.BY_NAME
    )
