"""Time zones: the packaged names and no others."""

from __future__ import annotations

import pytest

from resolvers.schedules.zones import check_zone, zone_names, zone_of, zone_rules

KNOWN = ("Europe/Berlin", "Asia/Calcutta", "US/Eastern", "Pacific/Samoa", "Etc/GMT+12", "UTC", "EST")
UNKNOWN = {
    "UTC+2": "There is no time zone 'UTC+2'",
    "asia/calcutta": "write Asia/Calcutta",
    "america/new york": "write America/New_York",
    " UTC": "write UTC",
    "../etc/passwd": "There is no time zone",
    "/usr/share/zoneinfo/UTC": "There is no time zone",
    "Europe/../UTC": "There is no time zone",
    "Europe": "There is no time zone",
    "Factory": "There is no time zone",
    "localtime": "There is no time zone",
    "zone.tab": "There is no time zone",
    "UTC\x00": "There is no time zone",
    "": "A time zone has a name",
    "U" * 65: "at most 64 characters",
}


@pytest.mark.parametrize("name", KNOWN)
def test_knows_iana_names_and_old_ones(name: str):
    assert check_zone(name) is None
    assert zone_of(name).key == name


@pytest.mark.parametrize("name", UNKNOWN)
def test_refuses_other_names(name: str):
    assert UNKNOWN[name] in str(check_zone(name))
    with pytest.raises(ValueError, match=r"\."):
        zone_of(name)


def test_every_packaged_zone_can_be_read_without_the_machine(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("zoneinfo.TZPATH", ())
    zone_of.cache_clear()

    assert {zone_of(name).key for name in zone_names()} == zone_names()
    assert len(zone_names()) > 590


def test_the_version_of_the_rules_fits_its_column():
    assert 0 < len(zone_rules()) <= 24
