"""Previews: an expression in words, and its next times with the changes of the clock."""

from __future__ import annotations

import time

import pytest

from tests.harness.tenants import Tenant

PREVIEW = """query ($cron: String!, $timeZone: String!, $n: Int!, $after: DateTime) {
  previewSchedule(cron: $cron, timeZone: $timeZone, n: $n, after: $after) {
    ... on SchedulePreview { words times { at local change } }
    ... on InvalidInput { code violations { path message } } ... on Problem { message } } }"""


async def preview(tenant: Tenant, cron: str, zone: str, n: int, after: str | None):
    given = {"cron": cron, "timeZone": zone, "n": n, "after": after}
    return (await tenant.client.query(PREVIEW, **given))["previewSchedule"]


async def test_shows_words_and_times_with_offsets(lasting: Tenant):
    found = await preview(lasting, "0 9 1 * 1", "Europe/Berlin", 3, "2026-06-30T00:00:00Z")

    assert found["words"] == "At 09:00 on the first day of month and on Monday"
    assert found["times"] == [
        {"at": "2026-07-01T07:00:00.000Z", "local": "2026-07-01T09:00:00+02:00", "change": None},
        {"at": "2026-07-06T07:00:00.000Z", "local": "2026-07-06T09:00:00+02:00", "change": None},
        {"at": "2026-07-13T07:00:00.000Z", "local": "2026-07-13T09:00:00+02:00", "change": None},
    ]


@pytest.mark.parametrize(
    ("cron", "after", "changes"),
    [
        ("30 2 * * *", "2026-03-07T12:00:00Z", [("2026-03-08T03:00:00-04:00", "PASSED_OVER"), ("03-09T02:30", None)]),
        ("30 1 * * *", "2026-10-31T12:00:00Z", [("2026-11-01T01:30:00-04:00", "TWICE"), ("T01:30:00-05", "CHANGED")]),
        ("0 * * * *", "2026-03-08T06:30:00Z", [("2026-03-08T03:00:00-04:00", "CHANGED"), ("08T04:00", None)]),
    ],
)
async def test_marks_changes_of_the_clock(lasting: Tenant, cron: str, after: str, changes):
    found = await preview(lasting, cron, "America/New_York", 2, after)

    assert [each["change"] for each in found["times"]] == [change for _, change in changes]
    assert [local in each["local"] for (local, _), each in zip(changes, found["times"], strict=True)] == [True, True]


@pytest.mark.parametrize(
    ("given", "path"),
    [
        (("0 0 31 2 *", "UTC", 1, None), "cron"),
        (("* * * * * *", "UTC", 1, None), "cron"),
        (("* * * * *", "UTC+2", 1, None), "timeZone"),
        (("* * * * *", "UTC", 0, None), "n"),
        (("* * * * *", "UTC", 101, None), "n"),
        (("* * * * *", "UTC", 1, "9999-12-31T23:59:59Z"), "after"),
    ],
)
async def test_refuses_naming_the_field(lasting: Tenant, given, path: str):
    refused = await preview(lasting, *given)

    assert refused["code"] == "INVALID_INPUT"
    assert [violation["path"] for violation in refused["violations"]] == [[path]]


async def test_names_every_fault_at_once(lasting: Tenant):
    refused = await preview(lasting, "x", "y", 0, None)

    assert [violation["path"] for violation in refused["violations"]] == [["cron"], ["timeZone"], ["n"]]


async def test_times_that_are_decades_apart_take_no_second(lasting: Tenant):
    began = time.monotonic()

    found = await preview(lasting, "*/30 0 * 2 1#5", "America/New_York", 100, "2199-12-31T00:00:00Z")

    assert time.monotonic() - began < 5
    assert len(found["times"]) == 100
    assert found["times"][0]["local"] == "2208-02-29T00:00:00-05:00"
