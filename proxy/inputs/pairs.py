"""Values as pairs of name and text: queries, and the fields of forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from models.errors import InvalidInput, Path
from models.vocabulary import ArrayFormat
from proxy.inputs.coerce import to_text

Leaf = TypeVar("Leaf")
#: A name and its value; a tuple has the members of a list that are sent as one value, separated by commas.
Pair = tuple[str, str | tuple[str, ...]]

_MOST_PAIRS: Final = 10_000
_MOST_LETTERS: Final = 2_000_000
_COMMA: Final = "A member has a comma, which separates the members of this list; its arrayFormat cannot send it."
_BRACKETS: Final = "Names inside a form must not contain brackets; they say how its values are nested."
_TOO_MANY: Final = f"Its values are too many: at most {_MOST_PAIRS} fields, and {_MOST_LETTERS} characters together."


@dataclass(frozen=True, kw_only=True, slots=True)
class Lists:
    """How lists are written: that of an input itself, else that of its capability."""

    otherwise: ArrayFormat = ArrayFormat.REPEAT
    by_name: Mapping[str, ArrayFormat] = field(default_factory=dict)

    def of(self, name: str) -> ArrayFormat:
        """The format of an input's lists."""
        return self.by_name.get(name, self.otherwise)


@dataclass(slots=True)
class Budget:
    """Limits what lists and nested values may make of one request: a long name is repeated for each member."""

    pairs: int = 0
    letters: int = 0

    def spend(self, letters: int, path: Path, pairs: int = 1) -> None:
        """Count pairs with so many characters together. Raises InvalidInput at `path`."""
        self.pairs += pairs
        self.letters += letters
        if self.pairs > _MOST_PAIRS or self.letters > _MOST_LETTERS:
            raise InvalidInput.at(path, _TOO_MANY)


def list_pairs(name: str, value: list[object], lists: ArrayFormat, path: Path, budget: Budget) -> list[Pair]:
    """The pairs of a list in a query. Null is left out; objects go as JSON.

    Raises InvalidInput at `path` for a list that would be ambiguous or too long.
    """
    members = [to_text(member) for member in value if member is not None]
    budget.spend(len(members) * len(name) + sum(map(len, members)), path, pairs=len(members))
    if lists is ArrayFormat.COMMA:
        return [(name, _separable(members, path))] if members else []
    shown = f"{name}[]" if lists is ArrayFormat.BRACKETS else name
    return [(shown, member) for member in members]


class Fields:
    """The fields of a form, in order. Objects are nested as `a[b]`, lists of objects and of lists as `a[0][b]`."""

    def __init__(self) -> None:
        self.pairs: list[tuple[str, str]] = []
        self._budget = Budget()

    def add(self, name: str, value: object, lists: ArrayFormat, path: Path) -> None:
        """Add a value under its name. Null, an empty list and an empty object are left out.

        Raises InvalidInput at `path` for a value that would be ambiguous or too large.
        """
        if isinstance(value, dict):
            for key, member in value.items():
                if "[" in key or "]" in key:
                    raise InvalidInput.at((*path, key), _BRACKETS)
                self.add(f"{name}[{key}]", member, lists, path)
        elif isinstance(value, list):
            self._add_list(name, [member for member in value if member is not None], lists, path)
        elif value is not None:
            self._append(name, to_text(value), path)

    def _add_list(self, name: str, members: list[object], lists: ArrayFormat, path: Path) -> None:
        if any(isinstance(member, dict | list) for member in members):
            for index, member in enumerate(members):
                self.add(f"{name}[{index}]", member, lists, path)
            return
        texts = [to_text(member) for member in members]
        if lists is ArrayFormat.COMMA and texts:
            self._append(name, ",".join(_separable(texts, path)), path)
        elif lists is not ArrayFormat.COMMA:
            for text in texts:
                self._append(f"{name}[]" if lists is ArrayFormat.BRACKETS else name, text, path)

    def _append(self, name: str, text: str, path: Path) -> None:
        self._budget.spend(len(name) + len(text), path)
        self.pairs.append((name, text))


def together(pairs: list[tuple[str, Leaf]], show: Callable[[Leaf], object]) -> dict[str, object]:
    """Pairs as an object for people: a name that occurs several times has a list."""
    found: dict[str, list[object]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(show(value))
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _separable(members: list[str], path: Path) -> tuple[str, ...]:
    if any("," in member for member in members):
        raise InvalidInput.at(path, _COMMA)
    return tuple(members)
