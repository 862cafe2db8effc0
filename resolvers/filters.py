"""Conditions of filters: the values of a list are joined by OR; an absent one is no condition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, false, func, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from models.errors import InvalidInput
from models.row import folded

Conditions = list[ColumnElement[bool]]
# Databases limit the number of parameters and the depth of conditions.
_MOST_VALUES: Final = 1000
_MOST_PATTERNS: Final = 100
_MOST_WORDS: Final = 20
_MOST_LETTERS: Final = 1000
# The last code point, and those that no text has: they are halves of UTF-16's pairs.
_LAST: Final = chr(0x10FFFF)
_SURROGATES, _AFTER_SURROGATES = 0xD800, 0xE000


class _Unindexed(FunctionElement[Any]):
    inherit_cache = True


@compiles(_Unindexed)
def _as_it_is(element: _Unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(_Unindexed, "sqlite")
def _plus(element: _Unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"


def unindexed(column: Any) -> ColumnElement[Any]:
    """A column for conditions that SQLite must not choose an index for, as it knows nothing of how rare values are.

    PostgreSQL knows. https://sqlite.org/optoverview.html, "Disqualifying WHERE Clause Terms Using Unary +".
    """
    element = _Unindexed(column)
    element.type = column.type
    return element


def among(column: Any, values: Sequence[Any] | None) -> Conditions:
    """The column has one of the values. Raises InvalidInput for more than 1000."""
    _require_few(values)
    return [] if values is None else [column.in_(values)]


def equal(column: Any, value: Any) -> Conditions:
    """The column has the value."""
    return [] if value is None else [column == value]


def at_least(column: Any, value: int | None) -> Conditions:
    """The column is at or after a time."""
    return [] if value is None else [column >= value]


def before(column: Any, value: int | None) -> Conditions:
    """The column is before a time."""
    return [] if value is None else [column < value]


def matching(column: Any, patterns: Sequence[str] | None, *, binary: bool = False) -> Conditions:
    """The column, which is never NULL, is one of the patterns, which may end in `*`. `*` alone is no condition.

    Raises InvalidInput for more than 100 patterns. `binary`: the column compares by bytes on both databases
    (`models.row.binary_type`): an index finds beginnings.
    """
    _require_few(patterns, _MOST_PATTERNS)
    if patterns is None or "*" in patterns:
        return []
    begins = _is_within if binary else _begins
    exact = [pattern for pattern in patterns if not is_pattern(pattern)]
    either = [begins(column, pattern[:-1]) for pattern in patterns if is_pattern(pattern)]
    # An empty list beside a range would keep an index from it.
    return [or_(false(), *either, *([column.in_(exact)] if exact else []))]


def is_pattern(text: str) -> bool:
    """Whether it stands for all values with its beginning."""
    return text.endswith("*")


def searching(column: Any, words: str | None) -> Conditions:
    """A folded text contains every word."""
    return [column.contains(word, autoescape=True) for word in words_of(words)]


def words_of(text: str | None) -> list[str]:
    """The words of a search, folded. Raises InvalidInput for more than 20, and for more than 1000 characters."""
    words = folded(text or "").split()
    if sum(map(len, words)) > _MOST_LETTERS:
        raise InvalidInput.at(("filter", "search"), f"At most {_MOST_LETTERS} characters.")
    if len(words) > _MOST_WORDS:
        raise InvalidInput.at(("filter", "search"), f"At most {_MOST_WORDS} words.")
    return words


def _begins(column: Any, prefix: str) -> ColumnElement[bool]:
    """The column begins with a prefix. Not LIKE, which ignores case on SQLite."""
    beginning: ColumnElement[bool] = func.substr(column, 1, len(prefix)) == prefix
    return beginning


def _is_within(column: Any, prefix: str) -> ColumnElement[bool]:
    """The same as a range of a column that compares by bytes, which for UTF-8 is the order of code points."""
    least: ColumnElement[bool] = column >= prefix
    rest = prefix.rstrip(_LAST)
    if not rest:
        return least
    after = ord(rest[-1]) + 1
    following = chr(_AFTER_SURROGATES if after == _SURROGATES else after)
    return and_(least, column < rest[:-1] + following)


def _require_few(values: Sequence[Any] | None, most: int = _MOST_VALUES) -> None:
    if values is not None and len(values) > most:
        raise InvalidInput.at(("filter",), f"This list in a filter has at most {most} members.")
