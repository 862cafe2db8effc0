"""Patterns of event types: exact names, prefixes that end in `*`, or `*` alone."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Select
from sqlmodel import col

from models.tables import EventType
from models.vocabulary import HubEvent
from resolvers.faults import NAME, Faults
from resolvers.filters import matching
from resolvers.work import Work

EVERYTHING: Final = "*"
_HUB: Final = "Hub."
_MOST: Final = 100
_MOST_NEAR: Final = 5
#: Names that are searched for near ones.
_MOST_NAMES: Final = 10_000
_FIELD: Final = "event_type_patterns"


def stored_patterns(given: Sequence[str]) -> list[str]:
    """The patterns as they are stored: each once, and `*` for none."""
    return list(dict.fromkeys(given)) or [EVERYTHING]


def check_patterns(faults: Faults, patterns: Sequence[str]) -> bool:
    """Add faults for the form of patterns. Answers whether there is none."""
    before = len(faults.found)
    if not faults.check(len(patterns) <= _MOST, _FIELD, f"At most {_MOST} patterns; use a prefix such as `Slack.*`."):
        return False
    for index, pattern in enumerate(patterns):
        place = (_FIELD, str(index))
        if faults.text(place, pattern, most=NAME, least=1):
            faults.check(
                "*" not in pattern[:-1], place, "A `*` stands only at the end, such as in `Slack.*`, or alone."
            )
        if pattern == EVERYTHING:
            alone = "`*` takes every type but the hub's own, so give it alone; `Hub.*` needs a webhook of its own."
            faults.check(len(set(patterns)) == 1, place, alone)
    return len(faults.found) == before


async def check_known(work: Work, faults: Faults, patterns: Sequence[str], integration_id: str | None) -> None:
    """Add a fault for each pattern that matches no declared event type and none of the hub's own.

    Types of integrations that exist for the caller count; with `integration_id`, only those of that one.
    """
    unknown = [(index, one) for index, one in enumerate(patterns) if one != EVERYTHING and not _of_hub(one)]
    declared = _declared(work, integration_id)
    exact = [one for _, one in unknown if not one.endswith("*")]
    found = set(await _names(work, declared.where(col(EventType.name).in_(exact)))) if exact else set()
    for index, pattern in unknown:
        if pattern in found:
            continue
        if pattern.endswith("*") and await _names(work, declared.where(*matching(col(EventType.name), [pattern])), 1):
            continue
        names = [*await _names(work, declared, _MOST_NAMES), *HubEvent]
        faults.add((_FIELD, str(index)), _sentence(pattern, names))


def _sentence(pattern: str, names: Sequence[str]) -> str:
    near = nearest(pattern.removesuffix("*"), names)
    told = f" Near ones: {', '.join(near)}." if near else ""
    return f"It matches no declared event type and none of the hub's own.{told} `*` alone takes all, also later ones."


def nearest(name: str, names: Sequence[str], most: int = _MOST_NEAR) -> list[str]:
    """The names most like one, in any case, nearest first."""
    folded = {one.casefold(): one for one in reversed(names)}
    found = difflib.get_close_matches(name.casefold(), folded, n=most, cutoff=0.5)
    return [folded[one] for one in found]


def _of_hub(pattern: str) -> bool:
    """Whether it is the name of a hub event, or a prefix of some that begins with `Hub.`."""
    if pattern.endswith("*"):
        return pattern.startswith(_HUB) and any(name.startswith(pattern[:-1]) for name in HubEvent)
    return pattern in {str(name) for name in HubEvent}


def _declared(work: Work, integration_id: str | None) -> Select[EventType]:
    declared = work.mine(EventType)
    return declared if integration_id is None else declared.where(col(EventType.integration_id) == integration_id)


async def _names(work: Work, declared: Select[EventType], most: int | None = None) -> list[str]:
    statement = declared.with_only_columns(col(EventType.name)).distinct().limit(most)
    return list((await work.session.execute(statement)).scalars())
