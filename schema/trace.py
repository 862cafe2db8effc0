"""Traces: the things that happened because of an event."""

from __future__ import annotations

from typing import Any

import strawberry

from models.vocabulary import TraceKind
from resolvers.events import trace
from resolvers.people import edges as people_edges
from schema.kit.field import column, derived, related
from schema.kit.ids import global_id
from schema.kit.node import Node, view
from schema.kit.scalars import DateTime


def _id(entry: trace.TraceEntry) -> str:
    return global_id(entry.table.__name__, entry.row_id)


def _parent_id(entry: trace.TraceEntry) -> str | None:
    return None if entry.parent is None else global_id(trace.TABLES[entry.parent[0]].__name__, entry.parent[1])


def _subject(entry: trace.TraceEntry) -> Any:
    return (entry.table, entry.row_id)


@view(trace.TraceEntry, "One thing in the tree of consequences. Draw the tree from `parentId`.")
class TraceEntry:
    id: strawberry.ID = derived(_id, "Global id of `subject`, kept when the subject is purged.")
    parent_id: strawberry.ID | None = derived(
        _parent_id, "`id` of its cause; of the root when you may not see that. Null for the root."
    )
    kind: TraceKind = column("Kind of thing.")
    title: str = column("A line for people.")
    state: str = column("Its own state word.")
    failed: bool = column("It failed, or something below it did.")
    started_at: DateTime = column("When it began.")
    duration_ms: int | None = column("How long it took; null while under way.")
    subject: Node | None = related(people_edges.ROW_BY_TABLE, _subject, "The thing itself; null when purged.")
