"""The fate of a record at a step: it goes on, or stops as ignored, failed or waiting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from models.vocabulary import RecordFault
from proxy.records import Faulty
from resolvers.flows.content_step import ContentStep
from resolvers.runs.faults import PASSING, RecordError
from resolvers.runs.items import Counts, Item

Word = Literal["written", "ignored", "errors", "waiting"]


@dataclass(frozen=True, kw_only=True)
class Fate:
    """`item`: the record as it goes on; None if it stops here. `error`: the row that is kept of it.

    `seen`: what was sent and answered, for a sample. `key`: the record key of one that was written.
    """

    word: Word
    item: Item | None = None
    error: RecordError | None = None
    seen: dict[str, Any] = field(default_factory=dict, repr=False)
    key: str = ""


@dataclass(frozen=True, kw_only=True)
class Failing:
    """The failure of one record. `key`: its record key, empty if the failure came before it."""

    fault: RecordFault
    message: str
    key: str = ""
    dispatch_id: str | None = None

    @classmethod
    def of(cls, faulty: Faulty, key: str = "") -> Failing:
        """The failure that an expression or a rule found."""
        return cls(fault=faulty.fault, message=faulty.message, key=key)


def failing(
    step: ContentStep,
    item: Item,
    failure: Failing,
    secrets: tuple[str, ...],
    *,
    value: Any = None,
    kept: bool = True,
    seen: dict[str, Any] | None = None,
) -> Fate:
    """The fate of a record that fails: it waits if the fault passes by itself, else it goes on if the step says so.

    `kept`: a row is kept of it; `value`: in place of its own value, all records of a batch.
    """
    waits = failure.fault in PASSING
    error = RecordError(
        fault=failure.fault,
        message=failure.message,
        value=item.value if value is None else value,
        record_key=failure.key,
        dispatch_id=failure.dispatch_id,
        secrets=secrets,
        waits=waits,
        touched=item.touched,
        records=1 if value is None else len(value),
    )
    goes_on = step.proceed_on_failure and not waits
    return Fate(
        word="waiting" if waits else "errors",
        item=replace(item, failed=True) if goes_on else None,
        error=error if kept else None,
        seen={**(seen or {}), "error": failure.message},
    )


def counted(fates: Iterable[Fate]) -> Counts:
    """The counts of a step."""
    total = {"written": 0, "ignored": 0, "errors": 0, "waiting": 0}
    for fate in fates:
        total[fate.word] += 1
    return Counts(**total)


def stopped(items: Sequence[Item], fates: Sequence[Fate]) -> Counts:
    """The counts of the records that end at a step: one that went on from an error before stays an error."""
    total = {"written": 0, "ignored": 0, "errors": 0, "waiting": 0}
    for item, fate in zip(items, fates, strict=True):
        if fate.item is None:
            total["errors" if item.failed and fate.word != "waiting" else fate.word] += 1
    return Counts(**total)
