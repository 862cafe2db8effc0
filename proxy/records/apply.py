"""One record by an expression: the functions of `pages` for a single record, which raise Faulty."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeVar

from proxy.expressions import Expressions
from proxy.records.fault import Faulty
from proxy.records.pages import filter_page, key_page, map_page, merge_page
from proxy.records.rules import Answered, Mapping

R = TypeVar("R")


async def filtered(expressions: Expressions, text: str | None, record: object, *, lane: Hashable) -> bool:
    """Whether the filter takes the record. Raises Faulty(FILTER) for a result that is neither true nor false."""
    return _raised(await filter_page(expressions, text, [record], lane=lane))


async def mapped(expressions: Expressions, mapping: Mapping, record: object, *, lane: Hashable) -> object:
    """The inputs that a mapping makes of the record. Raises Faulty."""
    return _raised(await map_page(expressions, mapping, [record], lane=lane))


async def merged(
    expressions: Expressions, text: str | None, record: object, *, data: object, status: int, lane: Hashable
) -> object:
    """The record with the members that a response mapping makes of the answer. Raises Faulty."""
    answered = Answered(record=record, data=data, status=status)
    return _raised(await merge_page(expressions, text, [answered], lane=lane))


async def keyed(expressions: Expressions, text: str | None, record: object, sent: object, *, lane: Hashable) -> str:
    """The record's key, 64 hexadecimal characters: of the expression, else of the inputs `sent`. Raises Faulty."""
    return _raised(await key_page(expressions, text, [record], [sent], lane=lane))


def _raised(results: list[R | Faulty]) -> R:
    (result,) = results
    if isinstance(result, Faulty):
        raise result
    return result
