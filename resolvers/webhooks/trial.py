"""Trying a payload filter on recent events before it is saved."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlmodel import col

from models.errors import InvalidInput
from models.tables import Event
from resolvers.emission.filters import filter_value, judge_filter
from resolvers.filters import equal, matching
from resolvers.hub import Hub
from resolvers.webhooks.patterns import EVERYTHING
from resolvers.work import Work

#: Events on which a filter is tried, and the newest ones among which they are searched.
MOST_TRIED: Final = 100
_SEARCHED: Final = 10_000
_AT_ONCE: Final = 10
_MOST_BYTES: Final = 4_000_000
_SECONDS: Final = 2.0


@dataclass(frozen=True, kw_only=True)
class Sample:
    """An event on which a filter is tried: its type, and the value that filters see."""

    type: str
    value: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """The number of events on which a filter was tried, and of those that it lets through."""

    tried: int
    matches: int


async def recent_events(work: Work, patterns: Sequence[str], integration_id: str | None) -> list[Sample]:
    """The last events that patterns and integration take and that exist for the caller: at most 100, and 4 MB.

    Events without their payload, which may expire earlier, are left out.
    """
    newest = select(col(Event.id)).where(col(Event.organization_id) == work.organization_id)
    newest = newest.order_by(col(Event.id).desc()).limit(_SEARCHED)
    chosen = work.mine(Event).where(
        col(Event.id).in_(newest), *_conditions(patterns), *equal(col(Event.integration_id), integration_id)
    )
    samples: list[Sample] = []
    size, last = 0, None
    while len(samples) < MOST_TRIED and size < _MOST_BYTES:
        page = chosen if last is None else chosen.where(col(Event.id) < last)
        events = await work.all(page.order_by(col(Event.id).desc()).limit(_AT_ONCE))
        for event in events:
            if event.payload is not None:
                value = filter_value(event.type, event.entity_id, event.payload)
                samples.append(Sample(type=event.type, value=value))
            size += len(event.body or "")
        if len(events) < _AT_ONCE:
            break
        last = events[-1].id
    return samples


async def try_filter(
    hub: Hub, filter: str, samples: Sequence[Sample], *, organization_id: str, seconds: float = _SECONDS
) -> Trial:
    """Evaluate a filter on events until `seconds` are over. Raises InvalidInput for one on which it fails."""
    clock = asyncio.get_running_loop().time
    end, tried, matches = clock() + seconds, 0, 0
    for sample in samples:
        if clock() > end:
            break
        result = await judge_filter(hub.expressions, filter, sample.value, organization_id=organization_id)
        if result.fault is not None:
            raise InvalidInput.at("filter", f"It fails on an event of the type {sample.type}. {result.fault}")
        tried, matches = tried + 1, matches + result.takes
    return Trial(tried=tried, matches=matches)


def _conditions(patterns: Sequence[str]) -> list[Any]:
    """Events that the patterns take; `*` takes all but the hub's own."""
    if EVERYTHING in patterns:
        return [~col(Event.type).startswith("Hub.", autoescape=True)]
    return matching(col(Event.type), patterns)
