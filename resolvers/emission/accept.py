"""Accepting: events with their numbers and bodies, their deliveries and jobs, in the transaction of the session."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from jobs.job import JOBS
from models.statement import spelled
from models.tables import Event
from models.vocabulary import Source, WebhookKind, WorkState
from resolvers.emission.addressing import Addressed, queue_deliveries
from resolvers.emission.body import frozen_body, serialised
from resolvers.emission.draft import Draft
from resolvers.emission.matching import Match, verdict
from resolvers.emission.receivers import Origin, Receiver, read_origins, read_receivers
from resolvers.emission.sequences import take_sequences
from resolvers.emission.triggering import Triggered, read_flows, start_flows

#: The topic on the bus that wakes readers of events.
EVENTS: Final = "events"
#: Results of filters that were judged before the transaction, by draft, webhook or flow, and the filter's text.
Judged = Mapping[tuple[str, str, str], bool]

_COLUMNS: Final = (
    *("id", "created_at", "organization_id", "integration_id", "installation_id", "event_type_id", "type"),
    *("entity_id", "sequence", "entity_sequence", "body", "source", "app_visible", "principal_id", "token_id"),
    *("cause_kind", "cause_id", "correlation_id", "depth"),
)
_SQL: Final = """INSERT INTO event (id, created_at, organization_id, integration_id, installation_id, event_type_id,
 type, entity_id, sequence, entity_sequence, body, source, app_visible, principal_id, token_id, cause_kind, cause_id,
 correlation_id, depth) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_INSERT: Final = {"postgresql": spelled(_SQL, sqlite=False), "sqlite": spelled(_SQL, sqlite=True)}


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """An accepted event, and the numbers of its deliveries and of its runs that wait for their work.

    `receivers`: the organization's live webhooks. `flows`: its enabled flows that this type of event starts.
    """

    event: Event
    queued_deliveries: int
    queued_runs: int
    receivers: Sequence[Receiver]
    flows: Sequence[Triggered]


async def accept(
    session: AsyncSession, drafts: Sequence[Draft], *, tries: int, judged: Judged | None = None
) -> list[Accepted]:
    """Accept events in the order given, with deliveries, runs and jobs. Call it as the last work of a transaction.

    The locks that it takes make other events of the same organizations wait until the commit, so that the order of
    sequences is the order of commits. A filter that `judged` does not know makes an unjudged delivery or run: no
    expression of a tenant is evaluated while rows are locked. `tries`: attempts of a delivery. Wake the `topics_of`
    them after the commit. Raises NotFound if an organization does not exist any more.
    """
    if not drafts:
        return []
    payloads = [serialised(draft.data) for draft in drafts]
    numbers = await take_sequences(session, drafts)
    events = [_event(*given) for given in zip(drafts, payloads, numbers, strict=True)]
    connection = await session.connection()
    await connection.exec_driver_sql(_INSERT[connection.dialect.name], [_row(event) for event in events])
    apps = {draft.integration_id for draft in drafts if draft.app_visible and draft.integration_id}
    receivers = await read_receivers(session, {draft.organization_id for draft in drafts}, apps)
    flows = await read_flows(session, drafts)
    places = {draft.integration_id for draft in drafts if draft.integration_id}
    origins = await read_origins(session, places if receivers or flows else ())
    addressed = _addressed(drafts, events, receivers, origins, judged or {})
    await queue_deliveries(session, addressed, now=max(draft.created_at for draft in drafts), tries=tries)
    runs = await start_flows(session, flows, drafts, events, origins, judged or {})
    deliveries = Counter(one.event.id for one in addressed)
    queued = Counter(run.event_id for run in runs if run.state is WorkState.QUEUED)
    return [
        Accepted(
            event=event,
            queued_deliveries=deliveries[event.id],
            queued_runs=queued[event.id],
            receivers=[one for one in receivers if one.organization_id == event.organization_id],
            flows=[one for one in flows if (one.organization_id, one.event_type) == _kind(event)],
        )
        for event in events
    ]


def topics_of(accepted: Sequence[Accepted]) -> set[str]:
    """The topics to wake after the commit."""
    topics = {EVENTS} if accepted else set()
    return topics | ({JOBS} if any(one.queued_deliveries or one.queued_runs for one in accepted) else set())


def _addressed(
    drafts: Sequence[Draft],
    events: Sequence[Event],
    receivers: Sequence[Receiver],
    origins: Mapping[str, Origin],
    judged: Judged,
) -> list[Addressed]:
    found: list[Addressed] = []
    for draft, event in zip(drafts, events, strict=True):
        origin = origins.get(draft.integration_id or "")
        takers = []
        for receiver in receivers:
            word = verdict(receiver, draft, origin).word
            result = judged.get((draft.id, receiver.id, receiver.filter or "")) if word is Match.UNJUDGED else None
            if word is Match.MATCHES or (word is Match.UNJUDGED and result is not False):
                takers.append((receiver, word is Match.UNJUDGED and result is None))
        tunnelled = any(receiver.kind is WebhookKind.TUNNEL for receiver, _ in takers)
        found += [
            Addressed(webhook=receiver, event=event, unjudged=unjudged)
            for receiver, unjudged in takers
            if not (tunnelled and receiver.kind is WebhookKind.APP)  # the tunnel gets it in the app's place
        ]
    return found


def _kind(event: Event) -> tuple[str, str]:
    return event.organization_id, event.type


def _event(draft: Draft, payload: bytes, numbers: tuple[int, int]) -> Event:
    sequence, entity_sequence = numbers
    return Event(
        id=draft.id,
        created_at=draft.created_at,
        organization_id=draft.organization_id,
        integration_id=draft.integration_id,
        installation_id=draft.installation_id,
        event_type_id=draft.event_type_id,
        type=str(draft.type),
        entity_id=draft.entity_id,
        sequence=sequence,
        entity_sequence=entity_sequence,
        body=frozen_body(draft, payload, sequence, entity_sequence),
        source=draft.source,
        app_visible=draft.app_visible,
        principal_id=draft.principal_id,
        token_id=draft.token_id,
        cause_kind=draft.cause_kind,
        cause_id=draft.cause_id,
        correlation_id=draft.correlation_id or draft.id,
        depth=draft.depth,
    )


def _row(event: Event) -> tuple[Any, ...]:
    values = [getattr(event, name) for name in _COLUMNS]
    values[_COLUMNS.index("source")] = Source(event.source).value
    return tuple(values)
