"""Reads a JSON object member by member; every member of a wrong type is a fault at its place."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Self, TypeVar

from models.errors import InvalidInput, Path
from resolvers.faults import WORD, Faults
from resolvers.unset import UNSET, Unset

W = TypeVar("W")
K = TypeVar("K")


class Members:
    """Absent members are UNSET, null ones None. `done` raises the faults. Faulty `optional` ones count as absent.

    `at`: the place of the object in the body.
    """

    def __init__(self, values: Mapping[str, Any], optional: Collection[str] = (), *, at: Path = ()) -> None:
        self._values = values
        self._optional = optional
        self._faults = Faults()
        self._at = at

    def checked(self, command: W) -> W:
        """The command that was read from the members. Raises InvalidInput with every fault, if there is one."""
        self._faults.refuse()
        return command

    def done(self) -> None:
        """Raises InvalidInput with every fault found, if there is one."""
        self._faults.refuse()

    def known(self, names: Collection[str]) -> None:
        """Each member with another name is a fault, also one that is null."""
        for name in self._values:
            if name not in names:
                self._faults.add((*self._at, name[:WORD]), f"There is no such member; there are {', '.join(names)}.")

    def required(self, name: str) -> str:
        """A required text."""
        value = self.text(name)
        self._faults.check(self._values.get(name) is not None, (*self._at, name), "It is required.")
        return value if isinstance(value, str) else ""

    def text(self, name: str) -> str | Unset | None:
        return self._typed(name, str, "text")

    def flag(self, name: str) -> bool | Unset | None:
        """True or false."""
        return self._typed(name, bool, "true or false")

    def number(self, name: str) -> int | Unset | None:
        """A whole number."""
        value = self._typed(name, int, "a whole number")
        return value if not isinstance(value, bool) else self._wrong(name, "a whole number")

    def object(self, name: str) -> dict[str, Any] | Unset | None:
        """A JSON object."""
        return self._typed(name, dict, "a JSON object")

    def texts(self, name: str) -> dict[str, str] | Unset | None:
        """A JSON object with text members only."""
        value = self.object(name)
        if isinstance(value, dict) and not all(isinstance(one, str) for one in value.values()):
            return self._wrong(name, "a JSON object of texts")
        return value

    def text_list(self, name: str) -> list[str] | Unset | None:
        """A JSON list of texts. Each other item is a fault at its index."""
        value = self._typed(name, list, "a list of texts")
        if isinstance(value, list):
            for index, one in enumerate(value):
                if not isinstance(one, str):
                    self._faults.add((*self._at, name, str(index)), "It must be text.")
        return value

    def at(self, name: str) -> Self:
        """The members of an object, whose faults are raised with these; without members if it is absent or null."""
        value = self.object(name)
        return self._below(value if isinstance(value, dict) else {}, name)

    def each(self, name: str) -> list[Self]:
        """The members of each object of a list, as `at`; empty if it is absent or null."""
        value = self._typed(name, list, "a list of JSON objects")
        found = []
        for index, one in enumerate(value if isinstance(value, list) else ()):
            if isinstance(one, dict):
                found.append(self._below(one, name, str(index)))
            else:
                self._faults.add((*self._at, name, str(index)), "It must be a JSON object.")
        return found

    def word(self, name: str, words: Mapping[str, W]) -> W | Unset | None:
        """The value that a word of a closed set means. Case does not matter."""
        value = self.text(name)
        if not isinstance(value, str):
            return value
        found = words.get(value.lower())
        return self._wrong(name, f"one of {', '.join(words)}") if found is None else found

    def has(self, name: str) -> bool:
        """Whether the member is present and not null."""
        return self._values.get(name) is not None

    def _below(self, values: Mapping[str, Any], *path: str) -> Self:
        nested = type(self)(values, at=(*self._at, *path))
        nested._faults = self._faults
        return nested

    def _typed(self, name: str, kind: type[K], called: str) -> K | Unset | None:
        value = self._values.get(name, UNSET)
        if value is None or isinstance(value, Unset | kind):
            return value
        return self._wrong(name, called)

    def _wrong(self, name: str, called: str) -> Unset:
        if name not in self._optional:
            self._faults.add((*self._at, name), f"It must be {called}.")
        return UNSET


def without_nulls(members: Mapping[str, Any]) -> dict[str, Any]:
    """The members whose value is not None, in order."""
    return {name: value for name, value in members.items() if value is not None}


def exactly_one(members: Members, *names: str) -> str:
    """The name of the one present member. Raises InvalidInput for none or several."""
    there = [name for name in names if members.has(name)]
    if len(there) != 1:
        raise InvalidInput.at((), f"Give exactly one of {', '.join(names)}.")
    return there[0]
