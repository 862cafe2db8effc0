"""Exports that would go on for ever, or too long: an end with its reason, and a state that stays small."""

from __future__ import annotations

import json

import pytest

from models.vocabulary import StopReason
from proxy.paging import Paging, Reply
from tests.proxy.reading_pages import COUNTED, CURSOR, MOST_STATE, URL, linked, played, turned


def test_a_cursor_that_changes_over_equal_pages_ends_after_three():
    read = played(CURSOR, *linked([[1, 2]] * 9))

    assert (read.stop, read.pages) == (StopReason.SAME_PAGE, 3)


def test_one_page_may_be_equal_to_an_earlier_one():
    parts = [[1], [1], [2]]
    read = played(CURSOR, *linked(parts))

    assert (read.records, read.stop) == ([1, 1, 2], StopReason.END)


def test_pages_may_be_equal_while_the_service_says_that_there_are_more():
    bodies = [{"data": [], "more": True}] * 3 + [{"data": [1], "more": True}] * 3 + [{"data": [2], "more": False}]

    read = played(COUNTED | {"more": "more"}, *bodies)

    assert (read.records, read.stop) == ([1, 1, 1, 2], StopReason.END)


@pytest.mark.parametrize(("empty", "records"), [(10, [1, 2]), (11, [1])])
def test_empty_pages_with_new_cursors_are_read_on_for_a_while(empty, records):
    parts = [[1], *[[]] * empty, [2]]

    read = played(CURSOR, *linked(parts))

    assert (read.records, read.last.fault) == (records, None)


def test_a_used_cursor_is_a_loop_even_of_empty_pages_while_the_service_says_that_there_are_more():
    body = {"data": [], "more": True, "paging": {"next": "c"}}

    assert played(CURSOR | {"more": "more"}, body).stop is StopReason.CURSOR_REPEATED


def test_an_empty_page_with_a_used_cursor_is_the_end():
    read = played(CURSOR, {"data": [1], "paging": {"next": "c"}}, {"data": [], "paging": {"next": "c"}})

    assert (read.records, read.stop, read.last.fault) == ([1], StopReason.EMPTY, None)


@pytest.mark.parametrize("before", [0, 3, 150])
@pytest.mark.parametrize("length", [2, 100, 300])
def test_finds_loops_of_any_length(before, length):
    numbers = [*range(before), *[*range(1_000, 1_000 + length)] * 9]

    read = played(CURSOR, *linked([[number] for number in numbers]))

    assert read.stop is StopReason.SAME_PAGE
    assert read.pages <= 3 * (before + 2 * length) + 4


def test_keeps_a_small_state_over_thousands_of_pages():
    paging, state = Paging.read(CURSOR | {"next": "next"}), {}

    for number in range(9_999):
        body = {"data": [number], "next": f"{number:04}" + "\u00e9" * 590}
        state = paging.turned(state, Reply(status=200, url=URL, body=body)).next.state

    assert 6_000 < len(json.dumps(state)) < MOST_STATE


def test_refuses_a_cursor_that_is_too_long_to_be_kept():
    page = turned(CURSOR, {"data": [1], "paging": {"next": "x" * 3_600}})

    assert page.fault == "The next cursor or address has 3602 bytes as JSON; at most 3600 are kept."


def test_stops_at_the_limit():
    read = played(COUNTED | {"limit": 3}, {"data": [1, 2]}, {"data": [3, 4]})

    assert (read.records, read.stop, read.last.fault) == ([1, 2, 3], StopReason.LIMIT, None)


def test_more_pages_than_allowed_are_a_fault_after_their_records():
    read = played(COUNTED | {"maxPages": 2}, {"data": [1]}, {"data": [2]}, {"data": [3]})

    assert (read.records, read.stop) == ([1, 2], StopReason.MAX_PAGES)
    assert read.last.fault == "The export has more pages than `maxPages` allows."


@pytest.mark.parametrize(("spent_ms", "stop"), [(9_999, None), (10_000, StopReason.MAX_TIME)])
def test_more_time_than_allowed_is_a_fault_after_its_records(spent_ms, stop):
    paging = Paging.read(COUNTED | {"maxSeconds": 10})

    page = paging.turned({}, Reply(status=200, url=URL, body={"data": [1]}), spent_ms=spent_ms)
    last = paging.turned({}, Reply(status=404, url=URL), spent_ms=spent_ms)

    assert (page.records, page.stop, page.fault is None) == ([1], stop, stop is None)
    assert last.stop is StopReason.EMPTY
