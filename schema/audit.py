"""The audit log: the type, the filter and the root field of the noun."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry.utils.str_converters import to_camel_case

from models import tables
from models.vocabulary import Source
from resolvers.audit import edges, queries
from resolvers.page import NEWEST_FIRST
from resolvers.people import edges as people_edges
from schema.kit.field import column, derived, given, listing, related, to_one
from schema.kit.node import Node, RowNode, node, view
from schema.kit.page import PageOf
from schema.kit.scalars import JSON, DateTime, show_time
from schema.principal import Principal

if TYPE_CHECKING:
    from schema.token import Token


@view(dict, "A field before and after.")
class FieldChange:
    """One member of `AuditEntry.changes`, in the names of the graph."""

    path: str = derived(lambda change: _path(change["path"]), "Path, such as `endpoint`.")
    old_value: JSON | None = derived(lambda change: _shown(change, "oldValue"), "Before; absent is null.")
    new_value: JSON | None = derived(lambda change: _shown(change, "newValue"), "After; absent is null.")


def _path(path: str | tuple[str, ...]) -> str:
    """A column in the names of the graph. A tuple is a place in a schema, whose names are shown as they are."""
    return to_camel_case(path) if isinstance(path, str) else ".".join(path)


def _shown(change: dict[str, Any], side: str) -> Any:
    """A value as the graph shows it elsewhere: times are RFC 3339."""
    value, path = change[side], change["path"]
    is_time = isinstance(path, str) and path.endswith("_at") and isinstance(value, int)
    return show_time(value) if is_time else value


def _resource(row: Any) -> Any:
    return (getattr(tables, row.resource_type, None), row.resource_id)


@node(tables.AuditEntry)
class AuditEntry(RowNode):
    """Who did what, when and through which face."""

    action: str = column("Such as `integration.updated`.")
    created_at: DateTime = column("When.")
    source: Source = column("Through which face.")
    actor: Principal | None = to_one(edges.ACTOR_BY_AUDIT_ENTRY, "Who; null when it was the hub or is gone.")
    actor_token: Annotated[Token, strawberry.lazy("schema.token")] | None = to_one(
        edges.TOKEN_BY_AUDIT_ENTRY, "With which token; null when you may not see it or it is gone."
    )
    actor_name: str = column("Who, as text at the time; `<user>, by <actor>` for a user that somebody acted for.")
    resource_type: str = column("Kind of thing changed, such as `Connection`.")
    resource_name: str | None = column("Its name at the time.")
    resource: Node | None = related(people_edges.ROW_BY_TABLE, _resource, "The thing; null when it is gone.")
    changes: list[FieldChange] = column("What changed, secrets masked.")
    sequence: int | None = column("Position in the hash chain; null until sealed.")
    hash: str | None = column("Hash of this entry and the one before it; null until sealed.")


@strawberry.input(description="Conditions on audit entries.")
class AuditFilter:
    action: list[str] | None = given("Actions, `*` at the end allowed.")
    actor_id: list[strawberry.ID] | None = given("Actors.")
    source: list[Source] | None = given("Faces.")
    resource_type: list[str] | None = given("Kinds of things.")
    resource_id: strawberry.ID | None = given("One thing, also when it is gone.")
    since: DateTime | None = given("From.")
    until: DateTime | None = given("To, exclusive.")


@strawberry.type
class Queries:
    """Root fields of this noun."""

    audit_entries: PageOf[AuditEntry] = listing(
        queries.list_audit_entries,
        "Who changed what, newest first.",
        order=NEWEST_FIRST,
        filter=(AuditFilter, queries.AuditFilter),
    )
