"""Lists in a query, in the three ways in which clients write them: `a=1&a=2`, `a[]=1&a[]=2`, `a[0]=1&a[1]=2`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from models.errors import Path, Violation

_MEMBER: Final = re.compile(r"(.+)\[(0|[1-9][0-9]{0,5})?\]", re.DOTALL)


class Members(list[str]):
    """The members of a list that are written one by one: none of them is a list in JSON."""


def gathered(
    values: Mapping[str, object],
    lists: Collection[str],
    declared: Collection[str],
    path: Path,
    faults: list[Violation],
) -> Mapping[str, object]:
    """The values, with the members of each declared list together under its name, in order.

    Adds a fault at `path` and the list's name for one that is written in two ways, or whose numbers have a gap.
    """
    if not any("[" in name for name in values):
        return values
    found: dict[str, object] = {}
    members: dict[str, dict[str | None, object]] = {}
    for name, value in values.items():
        written = _MEMBER.fullmatch(name)
        if written is None or written[1] not in lists or name in declared:
            found[name] = value
            continue
        found.setdefault(written[1], None)
        members.setdefault(written[1], {})[written[2]] = value
    for name, given in members.items():
        problem = _problem(name, given, also_plain=name in values)
        if problem is None:
            found[name] = Members(_in_order(given))
        else:
            faults.append(Violation(path=(*path, name), message=problem))
            del found[name]
    return found


def _problem(name: str, given: Mapping[str | None, object], *, also_plain: bool) -> str | None:
    if also_plain or (None in given and len(given) > 1):
        return f"Write its members in one way: {name}, or {name}[], or {name}[0] and {name}[1]."
    if None in given:
        return None
    missing = next((number for number in range(len(given)) if str(number) not in given), None)
    if missing is not None:
        return f"Its members are numbered from 0 without a gap; {name}[{missing}] is missing."
    twice = next((number for number, value in given.items() if isinstance(value, list)), None)
    return None if twice is None else f"{name}[{twice}] was given more than once."


def _in_order(given: Mapping[str | None, object]) -> Iterator[str]:
    values = [given[None]] if None in given else [given[str(number)] for number in range(len(given))]
    for value in values:
        yield from value if isinstance(value, list) else [str(value)]
