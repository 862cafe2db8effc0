"""Events: the type, the inputs and the root fields of the noun."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from models import tables
from models.errors import TooMany
from models.vocabulary import EventAppStatus, Source
from resolvers.apps.edges import STATUS_BY_EVENT
from resolvers.events import catalogue, edges, queries, trace
from resolvers.events import mutations as operations
from resolvers.events.hub_events import HUB_EVENTS
from resolvers.page import NEWEST_FIRST
from resolvers.runs import edges as run_edges
from resolvers.webhooks import catching_up
from resolvers.webhooks import edges as webhook_edges
from schema.kit.context import Info
from schema.kit.field import column, given, listing, reading, related, to_many, to_one, viewed
from schema.kit.ids import row_id
from schema.kit.mutation import mutation
from schema.kit.node import RowNode, node, view
from schema.kit.page import PageOf
from schema.kit.refs import ACTS, IntegrationRef, PrincipalRef
from schema.kit.result import Result
from schema.kit.scalars import JSON, Count, DateTime
from schema.trace import TraceEntry

if TYPE_CHECKING:
    from schema.delivery import Delivery
    from schema.installation import Installation
    from schema.integration import Integration
    from schema.principal import Principal
    from schema.run import Run
    from schema.token import Token


@node(tables.Event)
class Event(RowNode):
    """Something that an integration says happened."""

    type: str = column("Declared name; the hub's own begin with `Hub.`.")
    entity_id: str = column("What it is about; the handler unless given.")
    payload: JSON | None = column("Its content, at most 256 kB; null once it has expired.")
    source: Source = column("Where it came from.")
    integration: Annotated[Integration, strawberry.lazy("schema.integration")] | None = to_one(
        edges.INTEGRATION_BY_EVENT, "Whose event; null when it is gone."
    )
    installation: Annotated[Installation, strawberry.lazy("schema.installation")] | None = to_one(
        edges.INSTALLATION_BY_EVENT, "On which installation."
    )
    principal: Annotated[Principal, strawberry.lazy("schema.principal")] | None = to_one(
        edges.PRINCIPAL_BY_EVENT, "In whose name; null when it was the hub, an app or is gone."
    )
    token: Annotated[Token, strawberry.lazy("schema.token")] | None = to_one(
        edges.TOKEN_BY_EVENT, "With which token; null when you may not see it or it is gone."
    )
    deliveries: PageOf[Annotated[Delivery, strawberry.lazy("schema.delivery")]] = to_many(
        webhook_edges.DELIVERIES_BY_EVENT, "Deliveries to webhooks, newest first."
    )
    runs: PageOf[Annotated[Run, strawberry.lazy("schema.run")]] = to_many(
        run_edges.RUNS_BY_EVENT, "Runs of flows that it started or would have, newest first."
    )
    sequence: Count = column("Its number in the organization: without gaps, in the order of acceptance.")
    entity_sequence: Count = column("Its number among the events of its entity.")
    created_at: DateTime = column("When it was accepted.")
    cursor: str = viewed(catching_up.event_cursor, "The place after it in the order of events, for `startFrom`.")
    app_status: EventAppStatus = related(
        STATUS_BY_EVENT, lambda row: row.id, "How its app took it, if it may be told and has an address."
    )
    trace: list[TraceEntry] = related(
        trace.TRACE_BY_EVENT,
        lambda row: row.id,
        "Everything that happened because of it and that you may see, parents before children.",
        most=trace.MOST,
    )


@view(catalogue.CatalogueEntry, "A type of the hub's own events.")
class HubEventType:
    name: str = column("`Hub.<noun>.<event>`.")
    description: str = column("When it happens.")
    version: int = column("Grows when its payload changes.")
    example: JSON = column("A payload.")


@strawberry.input(description="Conditions on events.")
class EventFilter:
    type: list[str] | None = given("Declared names, `*` at the end allowed.")
    entity_id: str | None = given("What they are about.")
    integration_id: list[strawberry.ID] | None = given("Apps.")
    since: DateTime | None = given("From.")
    until: DateTime | None = given("To, exclusive.")


@strawberry.input(description="Something that happened.")
class EmitEventInput:
    integration: IntegrationRef = strawberry.field(description="Of which app.")
    installation_id: strawberry.ID | None = given("On which installation; needed by an app with several.")
    type: str = strawberry.field(description="Declared name, with or without the handler.")
    payload: JSON | None = given("Content. An empty object when absent.")
    entity_id: str | None = given("What it is about.")
    idempotency_key: str | None = given("Makes a retry safe for 24 hours.")
    act_as: PrincipalRef | None = given(ACTS)


@view(operations.Emitted, "An accepted event.")
class EventPayload:
    event: Event = column("The event.")
    queued_runs: int = column("Flow runs that it queued.")
    queued_deliveries: int = column("Deliveries that it queued.")
    replayed: bool = column("The event of an earlier call with the same key.")


EventResult = Result("EventResult", EventPayload, "An event, or why not.", besides=(TooMany,))


async def _event(root: Any, info: Info, id: strawberry.ID) -> Any:
    return await queries.read_event(info.context.caller, row_id(id))


async def _hub_event_types(root: Any, info: Info) -> Any:
    return await catalogue.list_hub_event_types(info.context.caller)


@strawberry.type
class Queries:
    """Root fields of this noun."""

    events: PageOf[Event] = listing(
        queries.list_events,
        "Events on your organization, newest first.",
        order=NEWEST_FIRST,
        filter=(EventFilter, queries.EventFilter),
    )
    event: Event | None = reading(queries.read_event, _event, "One event.")
    hub_event_types: list[HubEventType] = reading(
        catalogue.list_hub_event_types,
        _hub_event_types,
        "The types of the hub's own events.",
        metadata={"rows": len(HUB_EVENTS)},
    )


@strawberry.type
class Mutations:
    """Root fields of this noun."""

    emit_event = mutation(
        operations.emit_event,
        EventResult,
        "Say that something happened.",
        input=EmitEventInput,
        reads=operations.EmitEvent,
    )
