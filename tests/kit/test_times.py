"""Times as clients of all languages write them."""

from __future__ import annotations

import pytest

from schema.kit.scalars import read_time, show_time

DAY = "2026-02-01"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"{DAY}T09:30:00Z", f"{DAY}T09:30:00.000Z"),
        (f"{DAY}t09:30:00z", f"{DAY}T09:30:00.000Z"),
        (f"{DAY} 09:30:00z", f"{DAY}T09:30:00.000Z"),
        (f"{DAY}T09:30:00.5z", f"{DAY}T09:30:00.500Z"),
        (f"{DAY}T09:30:00-00:00", f"{DAY}T09:30:00.000Z"),
        (f"{DAY}T09:30:00.250+05:45", f"{DAY}T03:45:00.250Z"),
        (f"{DAY}T09:30Z", f"{DAY}T09:30:00.000Z"),
        ("20260201T093000Z", f"{DAY}T09:30:00.000Z"),
        (f"{DAY}T09:30:00,5+01", f"{DAY}T08:30:00.500Z"),
        (f"{DAY}T09:30:00.0004Z", f"{DAY}T09:30:00.000Z"),
        (f"{DAY}T09:30:00.0005Z", f"{DAY}T09:30:00.001Z"),
        (f"{DAY}T09:30:00.123499999999Z", f"{DAY}T09:30:00.123Z"),  # picoseconds
        (f"{DAY}T09:30:00.123500000Z", f"{DAY}T09:30:00.124Z"),  # nanoseconds
        (f"{DAY}T09:30:00.9999999Z", f"{DAY}T09:30:01.000Z"),
        (f"{DAY}T23:59:59.9996Z", "2026-02-02T00:00:00.000Z"),
        (f"{DAY}T09:30:00.{'3' * 400}Z", f"{DAY}T09:30:00.333Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
        ("2016-12-31T15:59:60.5-08:00", "2017-01-01T00:00:00.500Z"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
        ("1969-12-31T23:59:59.9999Z", "1970-01-01T00:00:00.000Z"),
        ("9999-12-31T23:59:59.9994Z", "9999-12-31T23:59:59.999Z"),
    ],
)
def test_reads_a_time_and_rounds_to_the_nearest_millisecond(text: str, shown: str):
    assert show_time(read_time(text)) == shown


@pytest.mark.parametrize(
    "text",
    [
        *("", "z", DAY, f"{DAY}T09:30:00", f"{DAY}Z", f"{DAY}T09:30:00.Z", f"{DAY}T09:30:00.5", f"{DAY}T24:00:00Z"),
        *(f"{DAY}T09:30:00+24:00", f"{DAY}T09:30:61Z", f"{DAY}T09:30:60Z", f"{DAY}T23:59:60Z", f"{DAY}T09:60Z"),
        *("2016-12-31T23:59:60+01:00", "9999-12-31T23:59:60Z", "2026-02-30T00:00:00Z", "0000-01-01T00:00:00Z"),
        *(f"{DAY}T09:30:00.1.2Z", f" {DAY}T09:30:00Z", f"{DAY}T09:30:00Z\n", f"{DAY}T09:30:00.５Z", "1769938200"),
        *(None, 1769938200, 1.5, True, [], {}),
    ],
)
def test_refuses_what_is_no_time(text: object):
    with pytest.raises(ValueError, match=r"^Write a time as RFC 3339, such as 2026-02-01T09:30:00\.000Z\.$"):
        read_time(text)


@pytest.mark.parametrize(
    "text", ["1969-12-31T23:59:59.9994Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.9995Z"]
)
def test_refuses_a_time_that_cannot_be_kept(text: str):
    with pytest.raises(ValueError, match=r"^The time must be from 1970 to 9999\.$"):
        read_time(text)
