"""An expression judged before it is saved: compiled, and evaluated on a sample."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from proxy.expressions import ExpressionRefused, Expressions, check_expression, missing_names
from proxy.expressions.evaluate import shown
from proxy.records import rules
from proxy.records.fault import Faulty
from proxy.records.whole import checked


class Use(StrEnum):
    """Uses of an expression in a flow."""

    FILTER = "FILTER"
    KEY = "KEY"
    MAPPING = "MAPPING"
    MERGE = "MERGE"


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """Sentences about an expression. `faults` forbid saving it; `warnings` tell of members that the sample lacks.

    `result`: the value on the sample, None without one; for a mapping the inputs, to validate by their schema.
    """

    faults: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    result: object = None


async def check_text(
    expressions: Expressions, text: str, use: Use, *, sample: object = None, lane: Hashable
) -> Checked:
    """The faults of an expression, and those of its result on a sample value; None is no sample.

    A name that the sample lacks is a warning, since records differ; so is a null result. For MERGE the sample is
    {data, status, record}.
    """
    if fault := check_expression(text, expressions.budget):
        return Checked(faults=(fault,))
    if sample is None:
        return Checked()
    lacking = await expressions.aside(partial(missing_names, text, sample, expressions.budget), lane=lane)
    warnings = tuple(f"{name}: not in the sample." for name in lacking)
    try:
        result = await expressions.evaluate(text, sample, lane=lane, strict=True)
    except ExpressionRefused as refusal:
        return _doubtful(str(refusal), warnings)
    if result is None:
        return Checked(warnings=(*warnings, f"The expression {shown(text)} is null on the sample."))
    try:
        _require(text, use, result)
    except Faulty as faulty:
        return _doubtful(faulty.message, warnings, result)
    return Checked(warnings=warnings, result=result)


def _doubtful(sentence: str, warnings: tuple[str, ...], result: object = None) -> Checked:
    """A fault on the sample; a warning if the sample lacks names that the expression reads."""
    if warnings:
        return Checked(warnings=(*warnings, sentence), result=result)
    return Checked(faults=(sentence,), result=result)


def _require(text: str, use: Use, result: object) -> None:
    match use:
        case Use.FILTER:
            rules.filter_result(text, result)
        case Use.KEY:
            rules.key_result(text, result)
        case Use.MERGE:
            rules.merge_result(text, {}, result)
        case Use.MAPPING:
            checked(result)
