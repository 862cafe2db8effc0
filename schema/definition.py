"""Definitions: the type, the inputs and the root fields of the noun."""

from __future__ import annotations

from typing import Any

import strawberry

from models import tables
from models.definition import FieldGroup, FieldType
from models.vocabulary import AuthType
from resolvers.definitions import edges, queries
from resolvers.definitions import mutations as operations
from resolvers.definitions.fields import editable, is_secret, scopes, supports_multiple, supports_verification
from schema.kit.context import Info
from schema.kit.field import column, derived, given, listing, reading, related
from schema.kit.mutation import mutation
from schema.kit.node import RowNode, node, view
from schema.kit.page import CountedPageOf
from schema.kit.removal import deletion
from schema.kit.result import row_result
from schema.kit.scalars import JSON


@view(dict, "One value that a vendor wants.")
class DefinitionField:
    key: str = derived(lambda field: field["key"], "Name in `secret.fields` or `parameters`.")
    group: FieldGroup = derived(
        lambda field: FieldGroup(field["group"]), "SECRET is stored encrypted; PARAMETER is readable."
    )
    label: str = derived(lambda field: field["label"], "Label.")
    description: str | None = derived(lambda field: field.get("description"), "Help text.")
    required: bool = derived(lambda field: field.get("required", False), "Must be given.")
    secret: bool = derived(is_secret, "Shown as dots.")
    type: FieldType = derived(lambda field: FieldType(field.get("type", FieldType.STRING)), "Kind of control.")
    pattern: str | None = derived(
        lambda field: field.get("pattern"), "Regular expression that the whole value matches."
    )
    options: list[str] = derived(lambda field: field.get("options", []), "Values to choose from.")


@view(dict, "An advanced option of a vendor.")
class DefinitionOption:
    key: str = derived(lambda option: option["key"], "Name.")
    title: str = derived(lambda option: option["title"], "Label.")
    type: FieldType = derived(lambda option: FieldType(option["type"]), "BOOLEAN, INTEGER or STRING.")
    default: JSON | None = derived(lambda option: option.get("default"), "Value unless another one is chosen.")


@node(tables.Definition)
class Definition(RowNode):
    """The facts about a vendor: authorisation, fields of the secret, verification and account requests."""

    vendor: str = column("Key such as `slack`; an integration's `vendor`.")
    name: str = column("Display name.")
    description: str = derived(lambda row: row.body.get("description", ""), "What it is.")
    category: str = column("Such as `storage`, `communication`, `billing`.")
    docs_url: str | None = derived(lambda row: row.body.get("docs"), "The vendor's own documentation.")
    icon_url: str | None = derived(lambda row: None, "Logo, served by the hub.")
    auth_type: AuthType = column("How it authorises by default.")
    fields: list[DefinitionField] = derived(lambda row: row.body.get("fields", []), "What a form asks for.")
    scopes: list[str] = derived(scopes, "OAuth scopes offered.")
    supports_verification: bool = derived(supports_verification, "A verify job can check the credentials.")
    requires_verification: bool = column("Nothing can be dispatched before a verify job has succeeded.")
    supports_multiple: bool = derived(supports_multiple, "More than one integration of it per organization.")
    supports_upload: bool = column("The remote service takes files.")
    editable: bool = derived(editable, "Integrations of it can be changed; otherwise delete and make anew.")
    features: list[str] = derived(lambda row: row.body.get("features", []), "Words for its abilities.")
    extends: list[str] = derived(lambda row: row.body.get("extends", []), "Parts of your product that it adds to.")
    options: list[DefinitionOption] = derived(lambda row: row.body.get("options", []), "Advanced options.")
    custom: bool = derived(
        lambda row: row.organization_id is not None, "Made by your organization; the others come with the hub."
    )
    deprecated: bool = column("No new integrations of it.")
    usable: bool = related(
        edges.USABLE_BY_DEFINITION,
        edges.usable_key,
        "Your organization can make an integration of it now.",
    )


@strawberry.input(description="Conditions on definitions.")
class DefinitionFilter:
    search: str | None = given("Words in name and vendor.")
    category: list[str] | None = given("Categories.")
    auth_type: list[AuthType] | None = given("How they authorise.")
    custom: bool | None = given("Only your own.")


@strawberry.input(description="A vendor of your own, in the shape of the catalogue's files.")
class SaveDefinitionInput:
    vendor: str = strawberry.field(description="Key.")
    definition: JSON = strawberry.field(description="The definition.")


DefinitionResult = row_result("definition", Definition)


async def _definition(root: Any, info: Info, vendor: str) -> Any:
    return await queries.read_definition(info.context.caller, vendor)


@strawberry.type
class Queries:
    """Root fields of this noun."""

    definitions: CountedPageOf[Definition] = listing(
        queries.list_definitions,
        "Vendors that the hub knows.",
        order=queries.BY_NAME,
        filter=(DefinitionFilter, queries.DefinitionFilter),
    )
    definition: Definition | None = reading(queries.read_definition, _definition, "One vendor by key.")


@strawberry.type
class Mutations:
    """Root fields of this noun."""

    save_definition = mutation(
        operations.save_definition,
        DefinitionResult,
        "Add or replace a vendor of your own.",
        input=SaveDefinitionInput,
        reads=operations.SaveDefinition,
    )
    delete_definition = deletion(
        operations.delete_definition, Definition, "Remove a vendor of your own; refused while used."
    )
