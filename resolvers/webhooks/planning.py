"""Plans: the request that a webhook would get for an event, and why or why not. No network, no row, no secret."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import select
from sqlmodel import col

from models.tables import Gate, Webhook
from proxy.endpoint import endpoint_objection
from resolvers.emission.filters import judge_filter
from resolvers.emission.matching import Match, Verdict
from resolvers.hub import Hub
from resolvers.webhooks.fields import shown_url
from resolvers.webhooks.request import Message, planned_headers
from resolvers.webhooks.schedule import JITTER
from resolvers.work import Work

_MATCHES: Final = Verdict(word=Match.MATCHES, sentence="It takes the event.")
_NO: Final = Verdict(word=Match.FILTER, sentence="Its filter says no.")


@dataclass(frozen=True, kw_only=True)
class PlannedTry:
    """A try at `at` by the schedule, between `earliest` and `latest` with its jitter; ms since 1970 UTC."""

    attempt: int
    at: int
    earliest: int
    latest: int


@dataclass(frozen=True, kw_only=True)
class WebhookPlan:
    """What one webhook would get. `headers`: secrets and signature masked. `blocked_by`: the egress's objection.

    `tries`: if each of them failed; empty if nothing is sent.
    """

    webhook: Webhook
    verdict: Verdict
    url: str
    headers: Sequence[tuple[str, str]]
    blocked_by: str | None
    tries: Sequence[PlannedTry]


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A webhook, its message, and the verdict as far as it is known. `value`: for its filter, if that must judge.

    `first_at`: the first try, in ms since 1970 UTC; None if its gate is closed until somebody opens it. `tried`: the
    number of tries of the running series that are used up.
    """

    webhook: Webhook
    message: Message
    verdict: Verdict
    value: object = field(default=None, repr=False)
    first_at: int | None = None
    tried: int = 0


async def planned(hub: Hub, candidate: Candidate, now: int) -> WebhookPlan:
    """The plan for a candidate. It evaluates a filter: call it outside of transactions. Raises TooMany."""
    webhook, judged = candidate.webhook, await _judged(hub, candidate)
    starts = candidate.first_at if judged.takes else None
    return WebhookPlan(
        webhook=webhook,
        verdict=judged,
        url=shown_url(webhook),
        headers=planned_headers(webhook, candidate.message, now),
        blocked_by=endpoint_objection(hub.egress.policy, webhook.url),
        tries=() if starts is None else tuple(_tries(hub.webhook_waits, starts, candidate.tried)),
    )


async def first_tries(work: Work, webhooks: Sequence[Webhook], due: int) -> dict[str, int | None]:
    """By webhook, when a delivery that is due starts, if nothing else waits; None while the gate is closed."""
    gates = select(col(Gate.id), col(Gate.opens_at)).where(col(Gate.id).in_([one.id for one in webhooks]))
    opens = {row.id: row.opens_at for row in await work.session.execute(gates)}
    return {one.id: _later(due, opens.get(one.id, 0)) for one in webhooks}


def _later(due: int, opens_at: int | None) -> int | None:
    return None if opens_at is None else max(due, opens_at)


async def _judged(hub: Hub, candidate: Candidate) -> Verdict:
    if candidate.verdict.word is not Match.UNJUDGED:
        return candidate.verdict
    webhook = candidate.webhook
    result = await judge_filter(
        hub.expressions, webhook.filter or "", candidate.value, organization_id=webhook.organization_id
    )
    if result.fault is not None:
        return Verdict(word=Match.FILTER_FAULT, sentence=f"Its filter fails, which counts as no. {result.fault}")
    return _MATCHES if result.takes else _NO


def _tries(waits: Sequence[int], first_at: int, tried: int) -> Iterator[PlannedTry]:
    passed = 0
    for number, wait in enumerate((0, *waits[tried:]), tried + 1):
        passed += wait * 1000
        spread = round(passed * JITTER)
        at = first_at + passed
        yield PlannedTry(attempt=number, at=at, earliest=at - spread, latest=at + spread)
