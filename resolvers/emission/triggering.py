"""Triggering: the flows that an event starts, found by one statement, and those that may not be told of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import literal, select, text, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.tables import Event, Flow, Integration, Principal, Run, Token
from models.vocabulary import FlowOverlap, FlowTriggerKind, HubEvent, IntegrationAccess, Permission
from resolvers.access import accessible
from resolvers.emission.draft import Draft
from resolvers.emission.receivers import Origin
from resolvers.emission.runs import RunStart, queue_runs
from resolvers.scope import PLACED_EVENTS


@dataclass(frozen=True, kw_only=True, slots=True)
class Triggered:
    """A flow that is started by an event, as far as accepting the event needs it."""

    id: str
    organization_id: str
    integration_id: str | None
    name: str
    overlap: FlowOverlap
    allows_loops: bool
    event_type: str
    event_filter: str | None
    run_as_id: str | None
    run_as_token_id: str | None

    @property
    def filter(self) -> str | None:
        """Its filter, by the name that a webhook's has."""
        return self.event_filter

    @property
    def event_patterns(self) -> list[str]:
        """Its one event type, in the form of a webhook's patterns."""
        return [self.event_type]


@dataclass(frozen=True, kw_only=True)
class _Viewer:
    """The user or the app as which a flow runs, as one that sees integrations (`resolvers/access.py`)."""

    organization_id: str
    principal_id: str | None = None
    integration_id: str | None = None
    narrowed_by: str | None = None
    token_id: str | None = None
    is_admin: bool = False
    installation_id: None = None
    subject: None = None
    acted_by: None = None


_COLUMNS: Final = [getattr(Flow, name) for name in Triggered.__dataclass_fields__]
#: Viewers in one statement.
_BITE: Final = 50
#: Results of filters that were judged before the transaction, by draft, flow and the filter's text.
_Judged = Mapping[tuple[str, str, str], bool]


async def read_flows(session: AsyncSession, drafts: Sequence[Draft]) -> list[Triggered]:
    """The enabled flows of these types of events, along the index of such flows."""
    types = {str(draft.type) for draft in drafts} - {HubEvent.TASK_DUE}
    if not types:
        return []  # a task is told to its app alone
    statement = select(*_COLUMNS).where(
        col(Flow.organization_id).in_({draft.organization_id for draft in drafts}),
        col(Flow.event_type).in_(types),
        text("flow.enabled AND flow.event_type IS NOT NULL"),
    )
    rows = (await session.execute(statement.order_by(col(Flow.id)))).mappings()
    return [Triggered(**row) for row in rows]


async def start_flows(
    session: AsyncSession,
    flows: Sequence[Triggered],
    drafts: Sequence[Draft],
    events: Sequence[Event],
    origins: Mapping[str, Origin],
    judged: _Judged,
) -> list[Run]:
    """Start flows by accepted events, in the order of events. Answers the runs made, skipped ones too.

    A flow with a filter that `judged` does not know gets an unjudged run. A flow gets an event of a restricted
    integration, or about a connection or job of nobody's, if the one as which it runs may see it now.
    """
    if not flows:
        return []
    found = defaultdict(list)
    for flow in flows:
        found[flow.organization_id, flow.event_type].append(flow)
    pairs = [
        (draft, flow)
        for draft in drafts
        for flow in found[draft.organization_id, str(draft.type)]
        if flow.filter is None or judged.get((draft.id, flow.id, flow.filter)) is not False
    ]
    seen = await _seen(session, pairs, origins)
    by_id = {event.id: event for event in events}
    starts = [_start(draft, flow, by_id[draft.id], judged) for draft, flow in seen]
    return await queue_runs(session, starts)


def _start(draft: Draft, flow: Triggered, event: Event, judged: _Judged) -> RunStart:
    unjudged = flow.filter is not None and (draft.id, flow.id, flow.filter) not in judged
    return RunStart(
        flow=flow,
        trigger=FlowTriggerKind.EVENT,
        now=draft.created_at,
        event_id=event.id,
        chain=draft.chain,
        unjudged=unjudged,
        cause_kind="EVENT",
        cause_id=event.id,
        correlation_id=event.correlation_id,
    )


async def _seen(
    session: AsyncSession, pairs: Sequence[tuple[Draft, Triggered]], origins: Mapping[str, Origin]
) -> list[tuple[Draft, Triggered]]:
    """The pairs of an event and a flow that may be told of it."""
    closed = [pair for pair in pairs if _is_closed(pair[0], origins)]
    if not closed:
        return list(pairs)
    viewers = await _viewers(session, [flow for _, flow in closed])
    places = {draft.integration_id for draft, _ in closed if draft.integration_id is not None}
    reached = await _reached(session, set(viewers.values()), places)
    return [
        (draft, flow)
        for draft, flow in pairs
        if not _is_closed(draft, origins) or _sees(viewers.get(flow.id), draft, reached)
    ]


def _is_closed(draft: Draft, origins: Mapping[str, Origin]) -> bool:
    """Whether an event is seen by some of its organization only, as in the list of events."""
    if draft.integration_id is None:
        return str(draft.type).startswith(PLACED_EVENTS)
    origin = origins.get(draft.integration_id)
    return origin is not None and origin.access is IntegrationAccess.RESTRICTED


def _sees(viewer: _Viewer | None, draft: Draft, reached: Collection[tuple[_Viewer, str]]) -> bool:
    if viewer is None:
        return False
    if viewer.is_admin:
        return True
    if draft.integration_id is not None:
        return (viewer, draft.integration_id) in reached
    actors = (viewer.principal_id, draft.principal_id), (viewer.token_id, draft.token_id)
    return any(own is not None and own == actor for own, actor in actors)


async def _viewers(session: AsyncSession, flows: Iterable[Triggered]) -> dict[str, _Viewer]:
    """The users and apps as which flows run, by the flow's id."""
    flows = list(flows)
    tokens = await _rows(session, Token, {flow.run_as_token_id for flow in flows})
    users = await _rows(
        session, Principal, {flow.run_as_id for flow in flows} | {token.created_by for token in tokens.values()}
    )
    found: dict[str, _Viewer] = {}
    for flow in flows:
        user, token = users.get(flow.run_as_id), tokens.get(flow.run_as_token_id)
        if user is not None:
            found[flow.id] = _Viewer(
                organization_id=flow.organization_id, principal_id=user.id, is_admin=_is_administrator(user)
            )
        elif token is not None:
            maker = users.get(token.created_by)
            found[flow.id] = _Viewer(
                organization_id=flow.organization_id,
                integration_id=token.integration_id,
                token_id=token.id,
                narrowed_by=None if maker is None or _is_administrator(maker) else maker.id,
            )
    return found


async def _reached(
    session: AsyncSession, viewers: Collection[_Viewer], places: Collection[str]
) -> set[tuple[_Viewer, str]]:
    """The integrations among `places` that viewers reach."""
    ordered = [viewer for viewer in viewers if not viewer.is_admin]
    found: set[tuple[_Viewer, str]] = set()
    for start in range(0, len(ordered) if places else 0, _BITE):
        parts = [
            select(literal(number).label("viewer"), col(Integration.id)).where(
                col(Integration.id).in_(places), accessible(viewer)
            )
            for number, viewer in enumerate(ordered[start : start + _BITE], start)
        ]
        found |= {(ordered[number], place) for number, place in await session.execute(union_all(*parts))}
    return found


async def _rows(session: AsyncSession, model: Any, ids: Collection[str | None]) -> dict[str | None, Any]:
    named = [one for one in ids if one is not None]
    if not named:
        return {}
    rows = (await session.execute(select(model).where(model.id.in_(named)))).scalars()
    return {row.id: row for row in rows}


def _is_administrator(user: Principal) -> bool:
    return Permission.ORGANIZATION_ADMIN in user.permissions
