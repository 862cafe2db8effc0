"""Exports from an API on loopback, one way of paging each: every record once, and an end with its reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.vocabulary import StopReason
from proxy.paging import Paging, Reply
from tests.proxy.reading_pages import export
from tests.upstreams.pages import Given, PagedApi

PAGE = (Path(__file__).parents[2] / "docs/exports.md").read_text()
RECORDS = [{"id": number} for number in range(5)]
WAYS = ["page", "bare", "gone", "offset", "cursor", "search", "header", "after", "sparse", "link", "next", "relative"]
CURSOR = {"kind": "cursor", "items": "data", "next": "next", "input": "query.cursor"}


def rows(heading: str) -> list[list[str]]:
    """The cells of the table in the manual that begins with `heading`, code without its marks."""
    table = PAGE.partition(f"{heading}\n")[2].partition("\n\n")[0].splitlines()[1:]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in table]


KINDS = [json.loads(pagination.strip("`")) for _, pagination in rows("| the service | `pagination` |")]


def test_the_manual_has_every_way():
    assert len(KINDS) == len(WAYS)


@pytest.mark.parametrize(("way", "pagination"), list(zip(WAYS, KINDS, strict=False)), ids=WAYS)
@pytest.mark.parametrize("count", [0, 1, 4, 5])
def test_reads_every_record_once(way, pagination, count):
    inputs = {"body": {"filter": "all"}} if way == "search" else {"query": {"filter": "all"}}

    with PagedApi(RECORDS[:count]) as api:
        read = export(f"{api.url}/{way}", pagination, inputs)

    assert read.records == RECORDS[:count]
    assert (read.last.fault, read.stop) in [(None, StopReason.END), (None, StopReason.EMPTY)]
    assert all((asked.body or asked.query)["filter"] == "all" for asked in api.requests)
    assert {asked.method for asked in api.requests} == {"POST" if way == "search" else "GET"}


@pytest.mark.parametrize(("pagination", "answer", "outcome"), rows("| `pagination` | answer | outcome |"))
def test_ends_as_the_manual_says(pagination, answer, outcome):
    paging = Paging.read(json.loads(pagination.strip("`")))
    reply = Reply(status=200, url="https://api.example.com/1", body=json.loads(answer.strip("`")))

    page = paging.turned(paging.first().state, reply)

    assert (page.fault or page.stop) == outcome
    assert page.records == [] if page.fault else True
    assert page.next is None


def test_a_404_on_the_first_page_is_an_empty_export():
    with PagedApi([]) as api:
        read = export(f"{api.url}/gone", KINDS[2])

    assert (read.records, read.pages, read.stop) == ([], 1, StopReason.EMPTY)


@pytest.mark.parametrize(
    ("way", "pagination", "reason", "pages"),
    [
        ("same", {"kind": "page", "items": "data", "input": "query.page"}, StopReason.SAME_PAGE, 2),
        ("same", CURSOR, StopReason.SAME_PAGE, 2),
        ("turning", CURSOR, StopReason.SAME_PAGE, 4),
        ("stuck", CURSOR, StopReason.CURSOR_REPEATED, 2),
    ],
)
def test_an_endless_export_fails_with_its_reason(way, pagination, reason, pages):
    with PagedApi([{"id": number} for number in range(50)]) as api:
        read = export(f"{api.url}/{way}", pagination)

    assert (read.stop, read.pages, len(api.requests)) == (reason, pages, pages)
    assert read.last.fault is not None
    assert len(read.records) == (2 * pages if reason is StopReason.CURSOR_REPEATED else 2 * pages - 2)


def test_never_goes_to_another_origin():
    with PagedApi(RECORDS) as other, PagedApi(RECORDS, foreign=other.url) as api:
        read = export(f"{api.url}/foreign", KINDS[10], {"headers": {"Authorization": "Bearer t"}})

    assert read.last.fault == (
        f"The next page is at {other.url}, the page before at {api.url}. Nothing was sent: an export keeps to one "
        "scheme, host and port."
    )
    assert (len(api.requests), other.requests) == (1, [])


def test_a_cursor_is_not_confused_by_records_that_come_meanwhile():
    with PagedApi(list(RECORDS)) as api:
        api.on_read = lambda api: api.records.append({"id": len(api.records)}) if len(api.records) < 9 else None
        read = export(f"{api.url}/cursor", KINDS[4])

    assert [record["id"] for record in read.records] == list(range(8))  # the ninth came after the end


@pytest.mark.parametrize("status", [500, 401, 302])
def test_a_failure_is_not_a_page(status):
    with PagedApi(RECORDS) as api:
        api.refusals[2] = Given({"data": []}, status)
        read = export(f"{api.url}/cursor", KINDS[4])

    assert (read.last.fault, read.stop) == (f"The answer has the status {status}, and no page.", None)
    assert read.records == RECORDS[:2]
