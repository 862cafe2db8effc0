"""Paging: requests, records and the end, one answer after the other."""

from __future__ import annotations

from decimal import Decimal

import pytest

from models.errors import InvalidInput
from models.vocabulary import StopReason
from proxy.paging import Paging, Reply
from tests.proxy.reading_pages import ADDRESS, COUNTED, CURSOR, LINK, URL, played, turned

#: A next cursor that is the end, and the same for `more`.
ENDS = [None, "", [], {}, False, "false", "False", 0, "0", 0.0, " ", "null"]


@pytest.mark.parametrize("value", ENDS, ids=repr)
@pytest.mark.parametrize("pagination", [CURSOR, ADDRESS | {"next": "paging.next"}], ids=lambda one: one["kind"])
def test_an_empty_next_is_the_end(pagination, value):
    page = turned(pagination, {"data": [1], "paging": {"next": value}})

    assert (page.records, page.stop, page.fault, page.next) == ([1], StopReason.END, None, None)


@pytest.mark.parametrize("value", ENDS, ids=repr)
def test_a_false_more_is_the_end_whatever_is_next(value):
    page = turned(CURSOR | {"more": "more"}, {"data": [1], "more": value, "paging": {"next": "c"}})

    assert (page.stop, page.next) == (StopReason.END, None)


@pytest.mark.parametrize("body", [{"data": [1], "paging": {}}, {"data": [1], "paging": None}], ids=repr)
def test_a_next_that_is_missing_is_the_end(body):
    assert turned(CURSOR, body).stop is StopReason.END


@pytest.mark.parametrize("paging", [{"nexd": "c"}, [], "none", {"Next": 1}, ...], ids=repr)
def test_a_next_that_is_out_of_reach_is_a_fault_of_the_first_page(paging):
    page = turned(CURSOR, {"data": [1]} if paging is ... else {"data": [1], "paging": paging})

    assert (page.records, page.stop, page.next) == ([], None, None)
    assert page.fault.startswith("nothing at `paging.next`; ")


def test_a_next_that_was_there_once_may_be_left_out_later():
    read = played(CURSOR, {"data": [1], "paging": {"next": "c"}}, {"data": [2]})

    assert (read.records, read.stop, read.last.fault) == ([1, 2], StopReason.END, None)


def test_more_without_a_next_is_a_fault():
    page = turned(CURSOR | {"more": "more"}, {"data": [1], "more": True, "paging": {}})

    assert page.fault == "The answer says that there are more records, but it has no next cursor."


def test_a_flag_that_is_missing_says_nothing():
    read = played(COUNTED | {"more": "more"}, {"data": [1], "more": True}, {"data": [2]}, {"data": []})

    assert (read.records, read.stop) == ([1, 2], StopReason.EMPTY)


@pytest.mark.parametrize("cursor", [7, "c", ["a", 2], {"id": {"S": "x"}}], ids=repr)
def test_a_cursor_is_sent_as_it_came(cursor):
    page = turned(CURSOR, {"data": [1], "paging": {"next": cursor}})

    assert page.next.merged({}) == {"c": cursor}


@pytest.mark.parametrize(
    ("pagination", "following", "fault"),
    [
        (CURSOR | {"next": "next"}, True, "The next cursor is a boolean; it cannot be sent as one."),
        (ADDRESS, {"href": "/2"}, "The next address is an object; it cannot be sent as one."),
        (ADDRESS, 2, "The next address is a number; it cannot be sent as one."),
    ],
)
def test_a_next_that_cannot_be_sent_is_a_fault(pagination, following, fault):
    page = turned(pagination, {"data": [1], "next": following})

    assert (page.records, page.stop, page.fault) == ([], None, fault)


@pytest.mark.parametrize("cursor", ["a\0", "\\\\\0", "\ud800", {"a": ["\0"]}, {"\0": 1}], ids=ascii)
def test_a_cursor_that_no_database_keeps_is_a_fault(cursor):
    page = turned(CURSOR, {"data": [1], "paging": {"next": cursor}})

    assert page.fault == "The next cursor has NUL or half of a surrogate pair, so it cannot be kept."


def test_a_cursor_keeps_digits_and_letters():
    cursor = ["\\u0000", "\U0001f600", Decimal("123456789012345678901234567890")]

    page = turned(CURSOR, {"data": [1], "paging": {"next": cursor}})

    assert page.next.merged({}) == {"c": ["\\u0000", "\U0001f600", "123456789012345678901234567890"]}


def test_places_the_cursor_in_a_list_inside_the_body():
    paging = Paging.read(CURSOR | {"input": "body.after[0]"})
    inputs = {"body": {"q": "x", "after": [None, "kept"]}}

    page = paging.turned({}, Reply(status=200, url=URL, body={"data": [1], "paging": {"next": "c2"}}))

    assert paging.first().merged(inputs) == inputs
    assert page.next.merged(inputs) == {"body": {"q": "x", "after": ["c2", "kept"]}}
    assert inputs == {"body": {"q": "x", "after": [None, "kept"]}}
    assert page.next.merged({}) == {"body": {"after": ["c2"]}}


@pytest.mark.parametrize(
    ("place", "inputs", "at"),
    [
        ("a.b", {"a": "text"}, ("a",)),
        ("a[0]", {"a": {"b": 1}}, ("a",)),
        ("a[1]", {"a": []}, ("a",)),
        ("a[0].b", {"a": [5]}, ("a", "0")),
    ],
)
def test_refuses_inputs_that_are_in_the_way(place, inputs, at):
    page = turned(CURSOR | {"input": place}, {"data": [1], "paging": {"next": "c"}})

    with pytest.raises(InvalidInput) as refusal:
        page.next.merged(inputs)

    assert refusal.value.path == at


def test_counts_records_rather_than_trusting_the_size():
    paging = Paging.read({"kind": "offset", "items": "data", "start": 10, "size": 100, "sizeInput": "limit"})

    page = paging.turned({}, Reply(status=200, url=URL, body={"data": [1, 2, 3]}))

    assert paging.first().merged({}) == {"offset": 10, "limit": 100}
    assert page.next.merged({}) == {"offset": 13, "limit": 100}


@pytest.mark.parametrize(
    ("stop", "body", "ends"),
    [
        ({"path": "last", "values": ["true", "yes"]}, {"last": True}, True),
        ({"path": "last", "values": ["true", "yes"]}, {"last": "yes"}, True),
        ({"path": "last", "values": ["true"]}, {"last": "True"}, False),
        ({"path": "last", "values": ["5"]}, {"last": 5}, True),
        ({"path": "last", "values": ["5"]}, {"last": 5.0}, False),
        ({"path": "last", "values": ["null"]}, {"last": None}, True),
        ({"path": "last", "values": ["null"]}, {}, False),
        ({"pages": "n"}, {"n": 1}, True),
        ({"pages": "n"}, {"n": "2"}, False),
        ({"records": "n"}, {"n": 1}, True),
        ({"records": "n"}, {"n": 2}, False),
        ({"records": "n"}, {"n": None}, False),
    ],
)
def test_stop_rules(stop, body, ends):
    page = turned(COUNTED | {"stop": stop}, {"data": [1]} | body)

    assert (page.stop is StopReason.END, page.records, page.fault) == (ends, [1], None)


def test_a_total_that_is_no_number_is_a_fault():
    page = turned(COUNTED | {"stop": {"pages": "n"}}, {"data": [1], "n": "many"})

    assert page.fault == "no whole number at `n`; there is a text."


@pytest.mark.parametrize("stop", [{}, {"status": 410}, {"status": None}], ids=repr)
def test_the_status_of_the_end_can_be_another_one(stop):
    paging = Paging.read(COUNTED | {"stop": stop})

    assert paging.turned({}, Reply(status=404, url=URL)).stop is (None if stop else StopReason.EMPTY)
    assert paging.ends_with(404) is (not stop)
    assert paging.ends_with(410) is (stop.get("status") == 410)


def test_one_request_alone_takes_404_for_a_failure():
    paging = Paging.read(None)

    assert paging.ends_with(404) is False
    assert paging.turned({}, Reply(status=404, url=URL)).fault == "The answer has the status 404, and no page."


@pytest.mark.parametrize(
    ("body", "records", "stop"),
    [([1, 2], [1, 2], StopReason.END), ({"id": 1}, [{"id": 1}], StopReason.END), (None, [], StopReason.EMPTY)],
)
def test_without_paging_the_answer_is_a_list_or_one_record(body, records, stop):
    page = turned(None, body)

    assert (page.records, page.stop, page.fault) == (records, stop, None)


def test_an_answer_that_is_no_json_is_a_fault():
    page = turned(COUNTED, None, parse_error="It breaks at character 1.")

    assert page.fault == "The answer is not JSON. It breaks at character 1."


@pytest.mark.parametrize("pagination", [CURSOR, COUNTED, LINK, ADDRESS], ids=lambda one: one["kind"])
def test_no_content_is_an_empty_page(pagination):
    page = turned(pagination, None, status=204)

    assert (page.records, page.stop, page.fault) == ([], StopReason.EMPTY, None)


def test_pages_of_numbers_that_python_alone_can_write_have_a_digest():
    assert turned(COUNTED, {"data": [2**70, "\ud800"]}).digest == turned(COUNTED, {"data": [2**70, "\ud800"]}).digest


def test_a_fault_shows_few_and_short_names():
    body = {f"{number}-{'x' * 100}\n": 1 for number in range(100)}

    assert len(turned(COUNTED, body).fault) < 700
