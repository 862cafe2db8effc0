"""Sharing out places: to the organization with the fewest jobs in flight, within what gates allow."""

import pytest

from jobs.allotting import Allotment, GateState, Limits, Lot, Share, lot_name

NOW = 1_000_000
OPEN = GateState(opens_at=0, capacity=10, interval_ms=0, burst=1, next_start_at=0)


def lot(organization, gate="", priority=0, due_at=0):
    return Lot(lot_name(organization, gate, priority), due_at)


def allot(lots, places, waiting=None, held=None, gates=None):
    """The jobs that each lot gets, if so many of it wait: by default very many."""
    allotment = Allotment(lots, Limits(held or {}, gates or {}, NOW), places)
    left = {one.name: (waiting or {}).get(one.name, 10**9) for one in lots}
    got = dict.fromkeys(left, 0)
    while given := allotment.round():
        taken = {name: min(count, left[name]) for name, count in given.items()}
        for name, count in taken.items():
            left[name] -= count
            got[name] += count
        allotment.took(given, taken)
    return [got[one.name] for one in lots], allotment


def gate(**facts):
    state = {"opens_at": 0, "capacity": 100, "interval_ms": 0, "burst": 1, "next_start_at": 0}
    return GateState(**state | facts)


@pytest.mark.parametrize(
    ("held", "expected"),
    [({}, [5, 5]), ({("a", ""): 6}, [2, 8]), ({("a", ""): 50}, [0, 10]), ({("a", "x"): 2, ("b", ""): 4}, [6, 4])],
)
def test_each_place_goes_to_the_organization_with_the_fewest_jobs_in_flight(held, expected):
    assert allot([lot("a"), lot("b")], 10, held=held)[0] == expected


@pytest.mark.parametrize(("few", "expected"), [(0, [10, 0]), (1, [9, 1]), (3, [7, 3]), (9, [5, 5])])
def test_places_that_one_does_not_need_are_anothers(few, expected):
    lots = [lot("a"), lot("b")]

    assert allot(lots, 10, waiting={lots[1].name: few})[0] == expected


def test_many_organizations_with_a_job_each_leave_the_rest_to_the_one_with_many():
    lots = [lot("a"), *(lot(f"b{number}") for number in range(30))]
    waiting = {one.name: 1 for one in lots[1:]}

    assert allot(lots, 100, waiting=waiting)[0] == [70, *[1] * 30]


def test_within_an_organization_the_lower_priority_number_goes_first():
    lots = [lot("a", priority=7), lot("a", priority=-7), lot("a")]

    assert allot(lots, 5, waiting={lots[1].name: 2, lots[2].name: 2})[0] == [1, 2, 2]


def test_within_an_organization_gates_share_too_and_then_the_job_that_is_due_longest_goes_first():
    lots = [lot("a", "x", due_at=5), lot("a", "y", due_at=9), lot("a", "z", due_at=7)]
    gates = dict.fromkeys("xyz", OPEN)

    assert allot(lots, 1, gates=gates)[0] == [1, 0, 0]
    assert allot(lots, 1, held={("a", "x"): 1}, gates=gates)[0] == [0, 0, 1]
    assert allot(lots, 9, gates=gates)[0] == [3, 3, 3]


@pytest.mark.parametrize(
    ("state", "held", "expected"),
    [
        (gate(capacity=3), 0, 3),
        (gate(capacity=3), 2, 1),
        (gate(capacity=3), 5, 0),
        (gate(capacity=0), 0, 0),
        (gate(opens_at=None), 0, 0),
        (gate(opens_at=NOW + 1), 0, 0),
        (gate(opens_at=NOW), 0, 8),
        (gate(interval_ms=200), 0, 1),
        (gate(interval_ms=200, burst=3), 0, 3),
        (gate(interval_ms=200, burst=3, capacity=2), 0, 2),
        (gate(interval_ms=200, burst=3, next_start_at=NOW - 200), 0, 2),
        (gate(interval_ms=200, burst=3, next_start_at=NOW), 0, 1),
        (gate(interval_ms=200, burst=3, next_start_at=NOW + 1), 0, 0),
        (gate(interval_ms=200, burst=3, next_start_at=NOW + 200), 0, 0),
        (gate(interval_ms=200, burst=3, next_start_at=NOW + 3_600_000), 0, 1),
    ],
    ids=lambda value: "" if isinstance(value, GateState) else str(value),
)
def test_a_gate_lets_in_what_it_allows_and_the_rest_goes_elsewhere(state, held, expected):
    lots = [lot("a", "x"), lot("b")]

    got, _ = allot(lots, 8, waiting={lots[1].name: 8 - expected}, held={("a", "x"): held}, gates={"x": state})

    assert got == [expected, 8 - expected]


def test_two_priorities_of_a_gate_share_its_allowance():
    lots = [lot("a", "x", 0), lot("a", "x", 100)]

    assert allot(lots, 50, waiting={lots[0].name: 4}, gates={"x": OPEN})[0] == [4, 6]


def test_a_gate_without_a_row_is_open_without_limits():
    assert allot([lot("a", "x")], 50)[0] == [50]


def test_starts_of_a_rate_are_spread_evenly_from_now_on():
    lots, state, starts = [lot("a", "x")], gate(interval_ms=200, burst=2), []
    for now in range(NOW, NOW + 1_000, 50):
        allotment = Allotment(lots, Limits({}, {"x": state}, now), 10)
        while given := allotment.round():
            starts += [now - NOW] * sum(given.values())
            allotment.took(given, given)
        for next_start_at, _ in allotment.next_starts():
            state = gate(interval_ms=200, burst=2, next_start_at=next_start_at)

    assert starts == [0, 0, 200, 400, 600, 800]


def test_only_gates_with_a_rate_that_jobs_passed_are_written():
    lots = [lot("a", "x"), lot("a", "y"), lot("a", "z")]
    gates = {"x": gate(interval_ms=10), "y": OPEN, "z": gate(interval_ms=10, opens_at=None)}

    _, allotment = allot(lots, 5, gates=gates)

    assert allotment.next_starts() == [(NOW + 10, "x")]


def test_lots_are_in_the_order_of_priority():
    names = [lot_name("a", "x", priority) for priority in (-(2**31), -500, -1, 0, 1, 500, 2**31 - 1)]

    assert names == sorted(names)


@pytest.mark.parametrize(
    ("free", "held", "expected"),
    [(100, {}, 75), (100, {"a": 30}, 68), (25, {"a": 75}, 0), (1, {}, 1), (7, {"b": 93}, 6)],
)
def test_the_last_free_places_of_a_worker_are_not_for_whoever_holds_most(free, held, expected):
    lots = [lot("a")]
    limits = Limits({}, {}, NOW, Share(free, held))

    assert Allotment(lots, limits, free).round() == ({lots[0].name: expected} if expected else {})


def test_the_places_that_one_leaves_are_anothers():
    limits = Limits({}, {}, NOW, Share(25, {"a": 75}))

    given = Allotment([lot("a"), lot("b")], limits, 25).round()

    assert given == {lot("b").name: 19}


def test_jobs_in_flight_at_another_gate_count_for_their_organization():
    early, late = Lot(lot_name("a", "idle", 0), 1), Lot(lot_name("b", "", 0), 2)

    allotment = Allotment([early, late], Limits({("a", "busy"): 1}, {}, 10), 1)

    assert allotment.round() == {late.name: 1}
