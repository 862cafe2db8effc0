"""Reading a step's `pagination`: every fault at its place, with the values that are allowed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from models.errors import InvalidInput, Path, Violation
from proxy.paging.declared import MOST_PAGES, MOST_SECONDS, Declared, Kind, Stop
from proxy.paging.places import Place

_COMMON: Final = ("kind", "items", "missing", "more", "limit", "maxPages", "maxSeconds", "stop")
_COUNTED: Final = (*_COMMON, "input", "start", "size", "sizeInput")
_MEMBERS: Final = {
    Kind.NONE: ("kind", "items", "missing", "limit"),
    Kind.PAGE: _COUNTED,
    Kind.OFFSET: _COUNTED,
    Kind.CURSOR: (*_COUNTED, "next", "nextHeader", "missingNext"),
    Kind.LINK: (*_COMMON, "size", "sizeInput"),
    Kind.NEXT_URL: (*_COMMON, "next", "missingNext", "size", "sizeInput"),
}
_STOP: Final = ("status", "path", "values", "pages", "records")
_INPUTS: Final = {Kind.PAGE: "page", Kind.OFFSET: "offset"}
_STARTS: Final[Mapping[Kind, int]] = {Kind.PAGE: 1, Kind.OFFSET: 0}
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~\-]{1,120}")  # token, RFC 9110 §5.6.2
_NOT_FOUND: Final = 404
_LARGEST: Final = 2**53
_MOST_STARTS: Final = 1_000
_MOST_VALUES: Final = 50


def declared(value: object, path: Path) -> Declared:
    """The paging of a step; one page for None. Raises InvalidInput with each fault below `path`."""
    if value is None:
        return Declared()
    if not isinstance(value, dict):
        raise InvalidInput.at(path, f"Give an object with `kind`: {', '.join(Kind)}.")
    members = _Members(value, path)
    kind = Kind(members.word("kind", Kind, None))
    members.require_known(_MEMBERS[kind], f"paging by {kind}")
    items = members.place("items")
    plain = Kind.NONE if kind is Kind.NONE and items is None else None
    found = Declared(
        kind=kind,
        items=items,
        is_whole=members.word("missing", ("ERROR", "WHOLE"), "WHOLE" if plain else "ERROR") == "WHOLE",
        more=members.place("more"),
        next=members.place("next"),
        next_header=members.header("nextHeader"),
        ends_unreachable=members.word("missingNext", ("ERROR", "END"), "ERROR") == "END",
        input=members.place("input", _INPUTS.get(kind), into=True),
        start=_start(members, kind),
        size=members.number("size", 1, _LARGEST),
        size_input=members.place("sizeInput", into=True),
        limit=members.number("limit", 1, _LARGEST),
        max_pages=members.number("maxPages", 1, MOST_PAGES) or MOST_PAGES,
        max_seconds=members.number("maxSeconds", 1, 24 * MOST_SECONDS) or MOST_SECONDS,
        stop=_stop(members, kind),
    )
    members.require_whole(found)
    members.end()
    return found


def _start(members: _Members, kind: Kind) -> object:
    if kind is not Kind.CURSOR:
        start = members.number("start", 0, _LARGEST)
        return _STARTS.get(kind) if start is None else start
    start_text = members.value.get("start")
    if start_text is not None and (not isinstance(start_text, str | int) or isinstance(start_text, bool)):
        members.fault("start", "Give the cursor of the first request as a text or a number.")
    if isinstance(start_text, str) and len(start_text) > _MOST_STARTS:
        members.fault("start", f"It has at most {_MOST_STARTS} characters.")
    return start_text


def _stop(members: _Members, kind: Kind) -> Stop:
    otherwise = None if kind is Kind.NONE else _NOT_FOUND
    given = members.value.get("stop")
    if given is None:
        return Stop(status=otherwise)
    if not isinstance(given, dict):
        members.fault("stop", f"Give an object with {', '.join(_STOP)}.")
        return Stop()
    stop = _Members(given, (*members.path, "stop"), members.faults)
    stop.require_known(_STOP, "stop")
    if "status" in given:
        otherwise = stop.number("status", 201, 599)
    last, values = stop.place("path"), stop.texts("values")
    if (last is None) != (not values):
        stop.fault("values" if last else "path", "Give `path` and `values` together, or neither.")
    return Stop(status=otherwise, last=last, values=values, pages=stop.place("pages"), records=stop.place("records"))


class _Members:
    """The members of an object, read one by one; faults are collected."""

    def __init__(self, value: Mapping[str, object], path: Path, faults: list[Violation] | None = None) -> None:
        self.value = value
        self.path = path
        self.faults: list[Violation] = [] if faults is None else faults

    def fault(self, name: str, message: str) -> None:
        self.faults.append(Violation(path=(*self.path, name), message=message))

    def end(self) -> None:
        """Raise InvalidInput if there are faults."""
        if self.faults:
            raise InvalidInput(self.faults)

    def require_known(self, known: Iterable[str], of: str) -> None:
        for name in self.value:
            if name not in known:
                self.fault(name, f"{of[0].upper()}{of[1:]} has no such member; there are {', '.join(known)}.")

    def require_whole(self, found: Declared) -> None:
        """Members that are needed together, by kind."""
        if found.kind is Kind.CURSOR:
            if self.value.get("input") is None:
                self.fault("input", "Name the input that takes the cursor, such as `cursor` or `body.after`.")
            if (self.value.get("next") is None) == (self.value.get("nextHeader") is None):
                self.fault("next", "Give the next cursor's path in `next`, or its header in `nextHeader`.")
        if found.kind is Kind.NEXT_URL and self.value.get("next") is None:
            self.fault("next", "Give the path of the next address, such as `paging.next`.")
        if (found.size is None) != (found.size_input is None):
            self.fault("sizeInput" if found.size else "size", "Give `size` and `sizeInput` together, or neither.")
        if found.input and found.size_input and found.input.overlaps(found.size_input):
            self.fault("sizeInput", "This is the place of `input`, or one inside the other; give another one.")

    def word(self, name: str, allowed: Iterable[str], otherwise: str | None) -> str:
        value = self.value.get(name, otherwise)
        if isinstance(value, str) and value in set(allowed):
            return value
        self.fault(name, f"Give one of {', '.join(allowed)}.")
        if otherwise is None:
            self.end()
        return otherwise or ""

    def number(self, name: str, least: int, most: int) -> int | None:
        value = self.value.get(name)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self.fault(name, f"Give a whole number from {least} to {most}.")
        return None

    def place(self, name: str, otherwise: str | None = None, *, into: bool = False) -> Place | None:
        value = self.value.get(name)
        value = otherwise if value is None else value
        if value is None:
            return None
        try:
            return Place.read(value, (*self.path, name), into=into)
        except InvalidInput as refusal:
            self.faults += refusal.violations
            return None

    def header(self, name: str) -> str | None:
        value = self.value.get(name)
        if value is None or (isinstance(value, str) and _HEADER.fullmatch(value)):
            return value
        self.fault(name, "This is not a name of a header.")
        return None

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.value.get(name)
        if value is None:
            return ()
        if isinstance(value, list) and 0 < len(value) <= _MOST_VALUES and all(isinstance(one, str) for one in value):
            return tuple(value)
        self.fault(name, f"Give a list of 1 to {_MOST_VALUES} texts; a number or a boolean as its JSON.")
        return ()
