"""The records of a page, each by the same expression in few changes of threads; Faulty in place of a result."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

from models.flow_words import RecordFault
from proxy.expressions import ExpressionRefused, Expressions
from proxy.records import rules
from proxy.records.fault import Faulty
from proxy.records.rules import Answered, Mapping

R = TypeVar("R")


async def filter_page(
    expressions: Expressions, text: str | None, records: Sequence[object], *, lane: Hashable
) -> list[bool | Faulty]:
    """Whether the filter takes each record; all without a filter. Faulty(FILTER) for all but true and false."""
    if text is None:
        return [True] * len(records)
    return await _each(
        expressions, text, records, RecordFault.FILTER, lambda _, found: rules.filter_result(text, found), lane
    )


async def map_page(
    expressions: Expressions, mapping: Mapping, records: Sequence[object], *, lane: Hashable
) -> list[object]:
    """The inputs of each record, or Faulty: MAPPING by `Mapping`, VALUE and TOO_LARGE as `checked` has them."""
    return await _each(
        expressions,
        "@" if mapping.text is None else mapping.text,
        records,
        RecordFault.MAPPING,
        lambda _, found: rules.map_result(mapping, found),
        lane,
    )


async def merge_page(
    expressions: Expressions, text: str | None, answers: Sequence[Answered], *, lane: Hashable
) -> list[object]:
    """Each record with the members of the response mapping, which sees {data, status, record}; null merges nothing.

    Faulty: MAPPING for a result that is no object, VALUE and TOO_LARGE as `checked` has it.
    """
    if text is None:
        return [one.record for one in answers]
    values = [{"data": one.data, "status": one.status, "record": one.record} for one in answers]
    return await _each(
        expressions,
        text,
        values,
        RecordFault.MAPPING,
        lambda index, found: rules.merge_result(text, answers[index].record, found),
        lane,
    )


async def key_page(
    expressions: Expressions, text: str | None, records: Sequence[object], sent: Sequence[object], *, lane: Hashable
) -> list[str | Faulty]:
    """The key of each record, 64 hexadecimal characters: of the expression's result, else of the inputs sent for it.

    Faulty(MAPPING) for a key that is null or empty: it would be the same for many records.
    """
    if text is None:
        return await _each(expressions, "@", sent, RecordFault.MAPPING, lambda _, found: rules.digest_of(found), lane)
    return await _each(
        expressions, text, records, RecordFault.MAPPING, lambda _, found: rules.key_result(text, found), lane
    )


async def _each(
    expressions: Expressions,
    text: str,
    values: Sequence[object],
    fault: RecordFault,
    rule: Callable[[int, object], R],
    lane: Hashable,
) -> list[R | Faulty]:
    def then(index: int, found: object) -> R | Faulty:
        if isinstance(found, ExpressionRefused):
            return rules.refused(fault, found)
        try:
            return rule(index, found)
        except Faulty as faulty:
            return faulty

    return await expressions.each(text, values, then, lane=lane)
