"""Dispatches: run a capability, plan it, read the record."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from models import tables
from models.vocabulary import (
    DispatchOutcome,
    HttpMethod,
    IdempotencyFate,
    Source,
    TraceKind,
    UnavailableReason,
    UpstreamFailure,
)
from resolvers.dispatching import edges, failure, queries, statistics
from resolvers.dispatching import mutations as operations
from resolvers.dispatching.attempt import Dispatched
from resolvers.dispatching.build import RunCapability
from resolvers.dispatching.fields import duration_ms
from resolvers.dispatching.find import CapabilityName
from resolvers.dispatching.response import Response
from resolvers.dispatching.statistics import TimeSlice
from resolvers.events.trace import TABLES
from resolvers.lookup import UserRef
from resolvers.page import NEWEST_FIRST
from resolvers.people import edges as people_edges
from schema.capability import Capability
from schema.kit.context import Info
from schema.kit.field import column, derived, given, listing, reading, related, to_one
from schema.kit.headers import HeaderTemplate
from schema.kit.ids import row_id
from schema.kit.mutation import answering, asked, mutation
from schema.kit.node import Node, RowNode, node, view
from schema.kit.page import PageOf, optional
from schema.kit.refs import ACTS, PrincipalRef
from schema.kit.result import Result
from schema.kit.scalars import JSON, DateTime
from schema.kit.translate import command

if TYPE_CHECKING:
    from schema.connection import ConnectedAccount
    from schema.integration import Integration
    from schema.principal import Principal
    from schema.token import Token

_COST = 100


def _cause(row: tables.Dispatch) -> tuple[Any, str]:
    table = TABLES[TraceKind(row.cause_kind)] if row.cause_kind in list(TraceKind) else None
    return table, row.cause_id or ""


@node(tables.Dispatch)
class Dispatch(RowNode):
    """One execution of a capability: written before the call, completed after it."""

    capability_name: str | None = column("What ran, by name; stays when the capability is dropped.")
    capability: Capability | None = to_one(
        edges.CAPABILITY_BY_DISPATCH, "What ran; null for a raw proxy request or a dropped one."
    )
    integration: Annotated[Integration, strawberry.lazy("schema.integration")] | None = to_one(
        edges.INTEGRATION_BY_DISPATCH, "On which integration; null when it is gone."
    )
    connection: Annotated[ConnectedAccount, strawberry.lazy("schema.connection")] | None = to_one(
        edges.CONNECTION_BY_DISPATCH, "With whose connection; null when none was needed or it is gone."
    )
    principal: Annotated[Principal, strawberry.lazy("schema.principal")] | None = to_one(
        edges.PRINCIPAL_BY_DISPATCH, "For whom."
    )
    token: Annotated[Token, strawberry.lazy("schema.token")] | None = to_one(
        edges.TOKEN_BY_DISPATCH, "With which token; null when you may not see it or it is gone."
    )
    source: Source = column("Through which face.")
    method: HttpMethod = column("Request method.")
    url: str = column("Request address, query values masked.")
    outcome: DispatchOutcome | None = column("How it ended; null while it is under way.")
    external_status: int | None = column("Status of the remote service.")
    error: str | None = column("What went wrong, in a sentence.")
    attempt_count: int = column("Tries, redirects not counted.")
    response_bytes: int | None = column("Bytes of the answer.")
    idempotency_key: str | None = column("Key given by the caller.")
    created_at: DateTime = column("When the intent was written.")
    duration_ms: int | None = derived(duration_ms, "From intent to outcome.")
    cause: Node | None = related(
        people_edges.ROW_BY_TABLE, _cause, "The event, step of a run, job or delivery that caused it."
    )


@strawberry.type(description="A header of an answer.")
class ResponseHeader:
    """A header as the remote service sent it, secrets masked."""

    name: str = column("Name, in the letters of the service.")
    value: str = column("Value, secrets as `***`.")


@view(Response, "An answer of a remote service; exactly one of json, text, base64 is set unless it was empty.")
class DispatchResponse:
    status: int = column("HTTP status.")
    content_type: str | None = column("Content type.")
    headers: list[ResponseHeader] = derived(
        lambda response: [ResponseHeader(name=name, value=value) for name, value in response.head.headers],
        "Headers in their order, without those of one hop, cookies, and those about the origin.",
    )
    location: str | None = derived(attrgetter("head.location"), "`Location` as an absolute address.")
    retry_after: DateTime | None = derived(
        attrgetter("head.retry_after"),
        "`Retry-After` as a time, also of a number of seconds; a past one is that of the answer.",
    )
    next_page: str | None = derived(
        attrgetter("head.next_page"), "The link with `rel` next of `Link` (RFC 8288) as an absolute address."
    )
    json: JSON | None = column("The body, when it is JSON, as it was sent: numbers of any size and precision.")
    text: str | None = column("The body, when it is other text.")
    base64: str | None = column("The body, when it is neither.")
    parse_error: str | None = column(
        "Why a body that is said to be JSON is none, with line, column and position; it is then in text or base64."
    )


@view(queries.DispatchPlan, "The exact request that a dispatch would send, secrets masked. Nothing was sent.")
class DispatchPlan:
    allowed: bool = column("Would be sent.")
    reason: UnavailableReason | None = column("Why not.")
    blocked_by: str | None = column("The egress policy's objection.")
    missing_scopes: list[str] = column("Scopes that the connection lacks.")
    capability: Capability = column("The capability.")
    connection: Annotated[ConnectedAccount, strawberry.lazy("schema.connection")] | None = column(
        "The connection chosen."
    )
    method: HttpMethod = column("Method.")
    url: str = column("Address.")
    headers: list[HeaderTemplate] = derived(
        lambda plan: [HeaderTemplate(name=name, value=value) for name, value in plan.headers],
        "Headers, credentials as `***`.",
    )
    body: JSON | None = column("Body.")
    idempotency: IdempotencyFate = column("What the idempotency key would do.")


@strawberry.input(description="Conditions on dispatches.")
class DispatchFilter:
    outcome: list[DispatchOutcome | None] | None = given("How they ended; null inside means under way.")
    integration_id: list[strawberry.ID] | None = given("Apps.")
    connection_id: list[strawberry.ID] | None = given("Connections.")
    source: list[Source] | None = given("Faces.")
    since: DateTime | None = given("From.")
    until: DateTime | None = given("To, exclusive.")


@view(statistics.DispatchStatistics, "Dispatches that started in one slice of time.")
class DispatchStatistics:
    starts_at: DateTime = column("Begin of the slice.")
    total: int = column("How many.")
    failed: int = column("How many did not succeed; those under way are not among them.")
    median_ms: int | None = column("Median time of those that ended; null when there were none.")
    p95_ms: int | None = column("95th percentile of those times, by nearest rank; null when there were none.")


@strawberry.input(description="A capability by the handler of its integration and by its own name.")
class NamedCapability:
    handler: str = strawberry.field(description="Handler of the integration.")
    name: str = strawberry.field(description="Name of the capability.")


@strawberry.input(one_of=True, description="Names one capability.")
class CapabilityRef:
    """Names a capability by its id, or by handler and name."""

    id: strawberry.ID | None = given("Global or 24-hex id.")
    named: NamedCapability | None = given("Handler and name.")


@strawberry.input(description="A capability to run.")
class DispatchInput:
    capability: CapabilityRef = strawberry.field(description="Which.")
    inputs: JSON | None = given("Values. An empty object when absent.")
    connection_id: strawberry.ID | None = given("The connection; needed where the choice would be a guess.")
    idempotency_key: str | None = given("Makes a retry safe for 24 hours.")
    act_as: PrincipalRef | None = given(ACTS)

    def command(self) -> RunCapability:
        """The command of these arguments."""
        ref, connection_id, act_as = self.capability, optional(self.connection_id), optional(self.act_as)
        named = optional(ref.named)
        return RunCapability(
            capability=CapabilityName(handler=named.handler, name=named.name) if named else row_id(str(ref.id)),
            inputs=optional(self.inputs),
            connection_id=None if connection_id is None else row_id(connection_id),
            idempotency_key=optional(self.idempotency_key),
            act_as=None if act_as is None else command(UserRef, act_as),
        )


@view(failure.DispatchFailure, "Why a dispatch did not succeed.")
class DispatchFailure:
    kind: UpstreamFailure = column("How it failed; ERROR_STATUS if the remote service answered with 4xx or 5xx.")
    message: str = column("A sentence for people, the same as `dispatch.error`.")
    retry_after_seconds: int | None = column("Seconds to wait after a limit of the hub's own; else null.")


@view(Dispatched, "A dispatch that was recorded, however it ended.")
class DispatchPayload:
    dispatch: Dispatch = column("The record.")
    response: DispatchResponse | None = column("The answer of the remote service; null when there was none.")
    succeeded: bool = column("Whether the remote service answered with 2xx or 3xx.")
    failure: DispatchFailure | None = column("Why it did not succeed; null if it did.")
    replayed: bool = column("The stored outcome of an earlier call with the same key; nothing was sent now.")


DispatchResult = Result("DispatchResult", DispatchPayload, "A dispatch, or why nothing was sent.")
DispatchPlanResult = Result("DispatchPlanResult", DispatchPlan, "A plan, or why there is none.")


async def _plan(root: Any, info: Info, input: DispatchInput) -> Any:
    return await asked(info, queries.plan_dispatch, input.command())


async def _statistics(
    root: Any,
    info: Info,
    filter: DispatchFilter | None = strawberry.UNSET,
    slice: TimeSlice = TimeSlice.HOUR,
) -> Any:
    narrowed = command(queries.DispatchFilter, filter) if filter else queries.DispatchFilter()
    return await asked(info, statistics.read_dispatch_statistics, narrowed, slice)


@strawberry.type
class Queries:
    """Root fields of this noun."""

    plan_dispatch = answering(
        queries.plan_dispatch,
        DispatchPlanResult,
        _plan,
        "The request that a dispatch would send; no network.",
        metadata={"cost": _COST},
    )
    dispatch_statistics: list[DispatchStatistics] = reading(
        statistics.read_dispatch_statistics,
        _statistics,
        "Counts and times of dispatches in slices of time, oldest first; at most 1,000 slices, those without any too."
        " Without `since` the last 60 minutes, 24 hours or 30 days.",
        metadata={"cost": _COST, "rows": statistics.MOST_SLICES},
    )
    dispatches: PageOf[Dispatch] = listing(
        queries.list_dispatches,
        "Dispatches, newest first.",
        order=NEWEST_FIRST,
        filter=(DispatchFilter, queries.DispatchFilter),
    )


@strawberry.type
class Mutations:
    """Root fields of this noun."""

    dispatch = mutation(
        operations.dispatch,
        DispatchResult,
        "Run a capability. Needs DISPATCH_READ or DISPATCH_WRITE, by its effect.",
        input=DispatchInput,
        reads=DispatchInput.command,
    )
