"""Time zones by their IANA names, from the packaged tzdata alone: every machine has the same rules."""

from __future__ import annotations

import functools
from importlib.metadata import version
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

_PACKAGE: Final = "tzdata"
_LONGEST: Final = 64
#: A place of tzdata for clocks that nobody has set.
_NO_ZONE: Final = "Factory"


def check_zone(text: str) -> str | None:
    """A sentence about a text that names no time zone, or None. Old names such as US/Eastern are allowed."""
    if not text:
        return "A time zone has a name; write one such as Europe/Berlin or UTC."
    if len(text) > _LONGEST:
        return f"A time zone's name has at most {_LONGEST} characters; this one has {len(text)}."
    if text in zone_names():
        return None
    meant = _by_folded_name().get(text.strip().casefold().replace(" ", "_"))
    hint = f"write {meant}" if meant else "write an IANA name such as Europe/Berlin, America/New_York or UTC"
    return f"There is no time zone {text!r}; {hint}."


@functools.cache
def zone_names() -> frozenset[str]:
    """The names of every zone, old ones among them, with their case."""
    return frozenset(files(_PACKAGE).joinpath("zones").read_text(encoding="ascii").split()) - {_NO_ZONE}


@functools.cache
def zone_of(name: str) -> ZoneInfo:
    """The rules of a time zone. Raises ValueError with a sentence if it has no such name."""
    if fault := check_zone(name):
        raise ValueError(fault)
    with files(_PACKAGE).joinpath("zoneinfo", *name.split("/")).open("rb") as rules:
        return ZoneInfo.from_file(rules, key=name)


def zone_rules() -> str:
    """The version of the rules, such as 2026.6: times that were computed with another one may be wrong now."""
    return version(_PACKAGE)


@functools.cache
def _by_folded_name() -> dict[str, str]:
    return {name.casefold(): name for name in zone_names()}
