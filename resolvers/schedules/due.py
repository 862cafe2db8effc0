"""What is due: the times of a flow's schedule that have come, and the runs that they start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from models.vocabulary import FlowCatchUp, FlowOverlap, FlowTriggerKind, RunReason
from resolvers.emission.runs import RunStart
from resolvers.schedules.cron import check_cron
from resolvers.schedules.spread import start_delay
from resolvers.schedules.times import last_between, next_after, times_between

#: A run that starts later than so long after its time is late.
GRACE_MS: Final = 60_000
#: The most runs that make up for missed times.
MOST_CAUGHT_UP: Final = 100
#: Missed times beyond these are not counted: a week of minutes.
MOST_COUNTED: Final = 10_080


@dataclass(frozen=True, kw_only=True)
class DueFlow:
    """The columns of a flow whose schedule is due. `busy`: a run of it is not done; `waiting`: one has not begun."""

    id: str
    organization_id: str
    integration_id: str | None
    name: str
    overlap: FlowOverlap
    allows_loops: bool
    cron: str
    time_zone: str
    exact: bool
    catch_up: FlowCatchUp
    paused: bool
    next_run_at: int
    busy: bool
    waiting: bool


@dataclass(frozen=True, kw_only=True)
class Passed:
    """Times that have come: `count` of them, and the `latest`, at most MOST_CAUGHT_UP in their order.

    `following`: the first one that has not come; None if there is none. All in ms since 1970 UTC.
    """

    latest: tuple[int, ...]
    count: int
    following: int | None


@lru_cache(maxsize=1_000)  # flows of one schedule are due together
def passed(cron: str, zone: str, first: int, now: int) -> Passed:
    """The times from `first`, which has come, to `now`. Raises ValueError for a wrong expression or zone."""
    if fault := check_cron(cron):
        raise ValueError(fault)
    following = next_after(cron, zone, first)
    if following is None or following > now:
        return Passed(latest=(first,), count=1, following=following)
    count = 1 + len(times_between(cron, zone, first, now, MOST_COUNTED - 1))
    latest = [first, *last_between(cron, zone, first, now, MOST_CAUGHT_UP)][-MOST_CAUGHT_UP:]
    return Passed(latest=tuple(latest), count=count, following=next_after(cron, zone, now))


def starts_of(flow: DueFlow, times: Passed, now: int) -> Iterator[RunStart]:
    """The runs for times that have come, in their order, those among them that are only recorded as skipped."""
    last = times.latest[-1]
    in_time = now - last <= GRACE_MS
    if flow.paused:
        yield _missed(flow, last, times.count, now)
    elif times.count == 1 and in_time:
        yield _start(flow, last, now, delay_ms=max(last + start_delay(flow.id, exact=flow.exact) - now, 0))
    elif flow.catch_up is FlowCatchUp.ALL:
        yield from _every_start(flow, times, now)
    elif flow.catch_up is FlowCatchUp.LATEST:
        yield _start(flow, last, now, missed_count=times.count)
    elif in_time:
        yield _missed(flow, times.latest[-2], times.count - 1, now)
        yield _start(flow, last, now)
    else:
        yield _missed(flow, last, times.count, now)


def _every_start(flow: DueFlow, times: Passed, now: int) -> Iterator[RunStart]:
    """A run for each time. They take a lane also if the flow's runs may overlap: one goes after the other."""
    in_order = replace(flow, overlap=FlowOverlap.QUEUE_ONE, busy=False, waiting=False)
    if beyond := times.count - len(times.latest):
        before = last_between(flow.cron, flow.time_zone, flow.next_run_at - 1, times.latest[0] - 1, 1)
        yield _missed(flow, max(before, default=flow.next_run_at), beyond, now)
    for due in times.latest:
        yield _start(in_order, due, now, missed_count=int(now - due > GRACE_MS))


def _start(flow: DueFlow, due: int, now: int, *, missed_count: int = 0, delay_ms: int = 0) -> RunStart:
    return RunStart(
        flow=flow,
        trigger=FlowTriggerKind.SCHEDULE,
        now=now,
        due_at=due,
        missed_count=missed_count,
        reason=RunReason.OVERLAP if _overlaps(flow) else None,
        delay_ms=delay_ms,
    )


def _missed(flow: DueFlow, due: int, count: int, now: int) -> RunStart:
    return RunStart(
        flow=flow,
        trigger=FlowTriggerKind.SCHEDULE,
        now=now,
        due_at=due,
        missed_count=count,
        reason=RunReason.MISSED,
    )


def _overlaps(flow: DueFlow) -> bool:
    match flow.overlap:
        case FlowOverlap.SKIP:
            return flow.busy
        case FlowOverlap.QUEUE_ONE:
            return flow.waiting
    return False
