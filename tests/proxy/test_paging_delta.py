"""Delta: no change of a record is lost, whatever runs fail and whenever it comes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.paging import moved, since

#: A run: the time from the run before to its start, its length, the place of its read within, and how it ends.
RUNS = st.lists(
    st.tuples(
        st.integers(0, 20), st.integers(1, 20), st.integers(0, 20), st.sampled_from(["done", "failed page", "test"])
    ),
    min_size=1,
    max_size=12,
)


@given(runs=RUNS, lag=st.integers(0, 10), early=st.integers(0, 10))
def test_each_change_is_in_a_finished_run_or_in_the_next_one(runs, lag, early):
    late = max(0, lag - early)
    changes = range(500)  # one in each ms, shown `late` ms after it came
    value, now, got = None, 0, set()

    for pause, length, place, end in runs:
        started_at = now + pause
        read_at = started_at + min(place, length)
        page = {at for at in changes if at + late < read_at and (value is None or at >= value)}
        if end == "done":
            got |= page
        value = moved(
            value,
            read=value,
            started_at=started_at,
            lag_ms=lag,
            failed_pages=int(end == "failed page"),
            moves=end != "test",
        )
        now = started_at + length
    waiting = {at for at in changes if value is None or at >= value}

    assert set(changes) == got | waiting


@pytest.mark.parametrize(
    ("value", "read", "failed_pages", "moves", "expected"),
    [
        (None, None, 0, True, 9_000),
        (5_000, 5_000, 0, True, 9_000),
        (5_000, 5_000, 1, True, 5_000),
        (5_000, 5_000, 0, False, 5_000),
        (3_000, 5_000, 0, True, 3_000),  # set by hand meanwhile
        (9_500, 9_500, 0, True, 9_500),  # never back
        (None, None, 1, True, None),
    ],
)
def test_moves_to_the_start_less_the_lag(value, read, failed_pages, moves, expected):
    after = moved(value, read=read, started_at=10_000, lag_ms=1_000, failed_pages=failed_pages, moves=moves)

    assert after == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        (0, "1970-01-01T00:00:00.000Z"),
        (1_700_000_000_001, "2023-11-14T22:13:20.001Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_is_told_in_rfc_3339(value, text):
    assert since(value) == text
