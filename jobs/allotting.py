"""Allotting: how the free places of a worker are shared out among waiting jobs. Pure; both databases use it."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

_RESERVE: Final = 3
_ZERO: Final = 2**31  # so that every priority is written as a positive number


def lot_name(organization_id: str | None, gate: str, priority: int) -> str:
    """The lot of a job: its organization, gate and priority, the last padded so that lots sort by it."""
    return f"{organization_id or ''}/{gate}/{priority + _ZERO:010d}"


@dataclass(frozen=True, slots=True)
class Lot:
    """Jobs that are alike for fairness, of which the first is due since `due_at`, in ms since 1970 UTC."""

    name: str
    due_at: int


@dataclass(frozen=True, slots=True)
class GateState:
    """A row of `models.gate`, as it is when places are shared out."""

    opens_at: int | None
    capacity: int
    interval_ms: int
    burst: int
    next_start_at: int

    def allowance(self, held: int, now: int) -> int:
        """How many jobs may start now, while `held` run."""
        if self.opens_at is None or self.opens_at > now:
            return 0
        room = max(self.capacity - held, 0)
        if self.interval_ms <= 0:
            return room
        base = self._base(now)
        return min(room, (now - base) // self.interval_ms + 1 if base <= now else 0)

    def started(self, count: int, now: int) -> GateState:
        """The gate after so many starts: a leaky bucket, which `burst` starts fill."""
        if self.interval_ms <= 0:
            return self
        return replace(self, next_start_at=self._base(now) + count * self.interval_ms)

    def _base(self, now: int) -> int:
        if self.next_start_at > now + self.interval_ms:  # written before the clock was set back
            return now
        return max(self.next_start_at, now - (self.burst - 1) * self.interval_ms)


@dataclass(frozen=True, slots=True)
class Share:
    """The free places of one worker, and the numbers of its places that organizations hold.

    An organization gets another one only while it holds fewer than three times as many as are free. So jobs that hang
    for long, such as requests to an endpoint that does not answer, leave places for others.
    """

    free: int
    held: Mapping[str, int]

    def leaves_room(self, organization: str, given: Counter[str]) -> bool:
        """Whether an organization may have another place, after those of this claim."""
        free = self.free - given.total()
        return self.held.get(organization, 0) + given[organization] < _RESERVE * free


@dataclass(frozen=True, slots=True)
class Limits:
    """Jobs in flight by organization and gate, the gates by id, and the database's clock in ms since 1970 UTC.

    `share`: of the worker that claims; None: an organization may hold all its places.
    """

    held: Mapping[tuple[str, str], int]
    gates: Mapping[str, GateState]
    now: int
    share: Share | None = None


class Allotment:
    """Shares out places in rounds. Each place goes to the organization with the fewest jobs in flight.

    Within an organization it goes to the lowest priority number, then to the gate with the fewest jobs in flight,
    then to the job that is due longest. No gate gets more than it allows. As long as places are left and a lot may
    have more jobs there is another round: alone, an organization gets every place.
    """

    def __init__(self, lots: Iterable[Lot], limits: Limits, places: int) -> None:
        self._lots = {lot.name: lot for lot in lots}
        self._now = limits.now
        self._gates = dict(limits.gates)
        self._places = places
        self._by_organization: Counter[str] = Counter()
        self._by_gate: Counter[tuple[str, str]] = Counter()
        self._at_gate: Counter[str] = Counter()
        self._started: set[str] = set()
        self._share, self._taken = limits.share, Counter[str]()
        for (organization, gate), count in limits.held.items():
            self._add(organization, gate, count)

    def round(self) -> dict[str, int]:
        """The next places by lot. Empty: nothing is left to be shared out."""
        heaps = self._heaps()
        order = [(self._by_organization[name], heap[0], name) for name, heap in heaps.items()]
        heapq.heapify(order)
        rooms: dict[str, int] = {}
        given: dict[str, int] = {}
        here = self._taken.copy()
        left = self._places
        while order and left:
            in_flight, _, organization = heapq.heappop(order)
            if self._share is not None and not self._share.leaves_room(organization, here):
                continue
            heap = heaps[organization]
            priority, at_gate, due_at, name = heapq.heappop(heap)
            if self._enters(_parts(name)[1], rooms):
                left -= 1
                in_flight += 1
                here[organization] += 1
                given[name] = given.get(name, 0) + 1
                heapq.heappush(heap, (priority, at_gate + 1, due_at, name))
            if heap:
                heapq.heappush(order, (in_flight, heap[0], organization))
        return given

    def took(self, given: Mapping[str, int], taken: Mapping[str, int]) -> None:
        """Account for the jobs that a round found. A lot with fewer jobs than places has no more."""
        for name, places in given.items():
            count = taken.get(name, 0)
            organization, gate, _ = _parts(name)
            self._places -= count
            self._taken[organization] += count
            self._add(organization, gate, count)
            if count and gate in self._gates:
                self._gates[gate] = self._gates[gate].started(count, self._now)
                self._started.add(gate)
            if count < places:
                del self._lots[name]

    @property
    def left(self) -> list[Lot]:
        """The lots that may have more jobs."""
        return list(self._lots.values())

    def next_starts(self) -> list[tuple[int, str]]:
        """The new `next_start_at` of each gate with a rate that jobs passed, by id: (time, gate)."""
        rated = (gate for gate in sorted(self._started) if self._gates[gate].interval_ms > 0)
        return [(self._gates[gate].next_start_at, gate) for gate in rated]

    def _heaps(self) -> dict[str, list[tuple[int, int, int, str]]]:
        heaps: dict[str, list[tuple[int, int, int, str]]] = {}
        for lot in self._lots.values():
            organization, gate, priority = _parts(lot.name)
            entry = (priority, self._by_gate[organization, gate], lot.due_at, lot.name)
            heaps.setdefault(organization, []).append(entry)
        for heap in heaps.values():
            heapq.heapify(heap)
        return heaps

    def _enters(self, gate: str, rooms: dict[str, int]) -> bool:
        """Whether a gate lets one more job in, which it then counts."""
        state = self._gates.get(gate)
        if state is None:
            return True
        room = rooms[gate] if gate in rooms else state.allowance(self._at_gate[gate], self._now)
        rooms[gate] = room - 1
        return room > 0

    def _add(self, organization: str, gate: str, count: int) -> None:
        self._by_organization[organization] += count
        self._by_gate[organization, gate] += count
        self._at_gate[gate] += count


def gates_of(lots: Iterable[Lot]) -> list[str]:
    """The gates that lots name, sorted."""
    return sorted({_parts(lot.name)[1] for lot in lots} - {""})


def any_ungated(lots: Iterable[Lot]) -> bool:
    """Whether a lot names no gate: a free place is enough for it."""
    return any(not _parts(lot.name)[1] for lot in lots)


@lru_cache(maxsize=65_536)
def _parts(name: str) -> tuple[str, str, int]:
    """Organization, gate and priority of a lot. Rows without a lot are alike."""
    organization, _, rest = name.partition("/")
    gate, _, priority = rest.rpartition("/")
    return organization, gate, int(priority or _ZERO) - _ZERO
