"""When deliveries are tried again."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.row import new_id
from resolvers.webhooks.schedule import next_wait
from settings import Settings

NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
WAITS = Settings.model_fields["webhook_retry_seconds"].default
IDS = [f"{number:024x}" for number in range(1000)]


def seconds(attempt: int, *values: str, delivery: str = IDS[0], waits: tuple[int, ...] = WAITS) -> float | None:
    wait = next_wait(waits, attempt, delivery, now=NOW, retry_after=values)
    return None if wait is None else wait / 1000


def test_waits_by_the_schedule_and_ends_after_eight_tries():
    for attempt, wait in enumerate(WAITS, 1):
        found = [seconds(attempt, delivery=delivery) for delivery in IDS]

        assert 0.8 * wait <= min(found) < 0.81 * wait
        assert 1.19 * wait < max(found) <= 1.2 * wait + 0.001
    assert [seconds(attempt) for attempt in (8, 9, 100)] == [None] * 3
    assert seconds(1, "120", waits=()) is None


def test_a_thousand_deliveries_that_fail_in_one_second_come_back_spread_out():
    found = [seconds(2, delivery=delivery) for delivery in IDS]

    by_second = Counter(int(each) for each in found)
    assert max(found) - min(found) >= 100
    assert max(by_second.values()) <= 30


def test_real_ids_of_one_moment_are_spread_too():
    found = [seconds(2, delivery=new_id()) for _ in range(1000)]

    assert max(found) - min(found) >= 100


def test_a_delivery_and_attempt_always_have_the_same_wait_and_two_have_not():
    waits = (300, 300)

    assert seconds(1, waits=waits) == seconds(1, waits=waits)
    assert seconds(1, waits=waits) != seconds(2, waits=waits)
    assert seconds(1, waits=waits) != seconds(1, waits=waits, delivery=IDS[1])


@pytest.mark.parametrize(
    ("values", "least", "most"),
    [
        (("120",), 120, 144),
        ((" 120 ",), 120, 144),
        (("Fri, 01 May 2026 12:02:00 GMT",), 120, 144),
        (("Friday, 01-May-26 12:02:00 GMT",), 120, 144),
        (("9999999999",), 7205, 7206),
        (("9" * 5000,), 7205, 7206),
        (("Fri, 31 Dec 9999 23:59:59 GMT",), 7205, 7206),
        (("0",), 4, 6),
        (("4",), 4, 6),
        (("-5",), 4, 6),
        (("1.5",), 4, 6),
        (("1e9",), 4, 6),
        (("abc",), 4, 6),
        (("",), 4, 6),
        (("٥٥٥",), 4, 6),
        (("120, 60",), 4, 6),
        (("Fri, 01 May 2026 11:00:00 GMT",), 4, 6),
        (("Fri, 99 May 2026 99:99:99 GMT",), 4, 6),
        (("120", "3600"), 120, 144),
        (("3600", "120"), 3600, 4320),
        (("abc", "120"), 120, 144),
        (("-5", "abc"), 4, 6),
    ],
)
def test_waits_at_least_as_long_as_asked_and_ignores_nonsense(values, least, most):
    found = [seconds(1, *values, delivery=delivery) for delivery in IDS]

    assert least <= min(found)
    assert max(found) <= most + 0.001
    assert max(found) - min(found) > 0.9 * (most - least)


def test_jitter_never_goes_below_what_was_asked():
    for asked in (230, 260, 290, 300, 310, 400):
        found = [seconds(2, str(asked), delivery=delivery) for delivery in IDS]

        assert min(found) >= asked
        assert max(found) <= 1.2 * max(300, asked) + 0.001


def test_what_is_asked_is_capped_by_the_step():
    for attempt, wait in enumerate(WAITS, 1):
        assert wait + 7200 <= seconds(attempt, "999999") <= wait * 1.2 + 7200.001


@given(st.text(max_size=60), st.integers(1, 7))
def test_no_value_brings_a_wait_out_of_its_bounds(value, attempt):
    wait = WAITS[attempt - 1]

    assert 0.8 * wait <= seconds(attempt, value) <= 1.2 * wait + 7200.001
