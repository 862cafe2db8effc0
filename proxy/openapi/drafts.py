"""All drafts of a document: the selected operations, at the level of detail at which they fit together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from proxy.inputs.declare import MOST_NODES, MOST_REGEXES
from proxy.inputs.tree import extent_of
from proxy.openapi.addresses import Addresses
from proxy.openapi.broken import BrokenError, InexpressibleError, Place, shown
from proxy.openapi.document import Document, Operation, mapping
from proxy.openapi.drafting import check_draft, draft_of, names_for, source_of
from proxy.openapi.selection import Selection, by_tag

MOST_SKIPPED: Final = 10_000
_MOST_OF_ONE: Final = 10
#: Sub-schemas of one operation. The first level at which all operations fit into one declaration is taken: few
#: steps, so that another operation in a later document seldom changes those of others.
_LEVELS: Final = (500, 250, 120, 60, 30, 15)
#: Operations times level: above it, many operations of that size could not fit.
_PROMISING: Final = 250_000


@dataclass
class Notes:
    """Parts that are skipped, at most 10,000, and at most ten of one operation; `count`: all of them."""

    found: list[dict[str, str | None]] = field(default_factory=list)
    count: int = 0

    def of(self, operation: str | None) -> Callable[[Place, str], None]:
        """Notes parts of one operation, or of none."""
        told = 0

        def skip(place: Place, reason: str) -> None:
            nonlocal told
            told += 1
            self.count += 1
            if told <= _MOST_OF_ONE and len(self.found) < MOST_SKIPPED:
                self.found.append({"operation": operation, "place": shown(place), "reason": reason})

        return skip


def drafts_of(root: Any, selection: Selection, *, has_base: bool, most: int) -> tuple[dict[str, Any], Sequence[Any]]:
    """The facts of a document, and a draft for each selected operation.

    Raises BrokenError with the place in the document, or in the selection if its first key is `selection`.
    """
    document = Document(root)
    notes = Notes()
    general = notes.of(None)
    operations = list(document.operations(general))
    _skip_calls(document, operations, general)
    if unknown := selection.unknown(operations):
        (name, index), word = unknown[0]
        raise BrokenError(("selection", name, index), f"No operation of the document fits {word[:100]}.")
    chosen = [one for one in operations if selection.takes(one)]
    if len(chosen) > most:
        raise BrokenError(
            (),
            f"It has {len(chosen)} selected operations, and an integration has at most {most} capabilities. Select"
            f" with tags, pathPrefixes or operationIds. By tag: {by_tag(chosen)}.",
        )
    sources = _sources(operations)
    made = _Drafting(document, chosen, has_base=has_base, sources=sources, notes=notes).fitting()
    facts = {
        "title": document.title[:255],
        "version": document.api_version,
        "sources": [sources[one.number] for one in operations],
        "skipped": notes.found,
        "skipped_count": notes.count,
    }
    return facts, made


class _Drafting:
    """Drafts the chosen operations of a document at one level of detail after another."""

    def __init__(
        self,
        document: Document,
        chosen: Sequence[Operation],
        *,
        has_base: bool,
        sources: dict[int, str],
        notes: Notes,
    ) -> None:
        self._document, self._chosen, self._sources, self._notes = document, chosen, sources, notes
        self._addresses = Addresses(document, has_base=has_base) if chosen else None
        self._general = Notes(list(notes.found), notes.count)

    def fitting(self) -> list[dict[str, Any]]:
        """The drafts at the first level at which one declaration may have them all, else at the last."""
        levels = [level for level in _LEVELS if level * len(self._chosen) <= _PROMISING] or [_LEVELS[-1]]
        made, extents = self._at(levels[0], patterns=True)
        for level in levels[1:]:
            if _fit(extents):
                break
            if sum(one.least(level) for one in extents) <= MOST_NODES:
                made, extents = self._at(level, patterns=True)
        if not _fit(extents):
            made, extents = self._at(levels[-1], patterns=False)
        return [draft for draft in made if self._passes(draft)]

    def _at(self, level: int, *, patterns: bool) -> tuple[list[dict[str, Any]], list[_Extent]]:
        self._notes.found[:], self._notes.count = self._general.found, self._general.count
        drafts = (self._draft(one, level, patterns) for one in self._chosen)
        made = [draft for draft in drafts if draft is not None]
        return made, [_Extent.of(draft) for draft in made]

    def _draft(self, operation: Operation, level: int, patterns: bool) -> dict[str, Any] | None:
        """The draft of an operation; None, with a note, if no capability can be it."""
        assert self._addresses is not None  # noqa: S101  an operation is chosen
        source = self._sources[operation.number]
        skip = self._notes.of(source)
        try:
            made = draft_of(self._document, operation, self._addresses, skip, most=level, patterns=patterns)
        except InexpressibleError as reason:
            skip(operation.place, f"The operation is left out. {reason}")
            return None
        place = (*operation.place, "callbacks")
        for callback in mapping(operation.given.get("callbacks", {}), place):
            skip((*place, callback), "Callbacks are calls to you; declare an event type.")
        return made | _names(operation, source)

    def _passes(self, draft: dict[str, Any]) -> bool:
        try:
            check_draft(draft)
        except InexpressibleError as reason:
            self._notes.of(draft["source"])(("paths",), f"The operation is left out. {reason}")
            return False
        return True


@dataclass(frozen=True, slots=True)
class _Extent:
    """The numbers of sub-schemas of a draft's inputs and answer, and of regexes."""

    inputs: int
    answer: int
    regexes: int

    @classmethod
    def of(cls, draft: dict[str, Any]) -> _Extent:
        inputs, regexes = extent_of([draft["input_schema"]], MOST_NODES)
        answer, more = extent_of([draft["output_schema"]], MOST_NODES)
        return cls(inputs, answer, regexes + more)

    def least(self, level: int) -> int:
        """About the number of sub-schemas at a level: less than that they cannot be."""
        return min(self.inputs, level) + (self.answer if self.answer <= level else 0)


def _fit(extents: Sequence[_Extent]) -> bool:
    """Whether one declaration may have them all."""
    nodes, regexes = sum(one.inputs + one.answer for one in extents), sum(one.regexes for one in extents)
    return nodes <= MOST_NODES and regexes <= MOST_REGEXES


def _names(operation: Operation, source: str) -> dict[str, str]:
    name, other_name = names_for(operation, source)
    return {"source": source, "name": name, "other_name": other_name}


def _sources(operations: Sequence[Operation]) -> dict[int, str]:
    """The names of operations in later documents, by their numbers. The first of two with one id has it."""
    known: set[str | None] = set()
    sources: dict[int, str] = {}
    for one in operations:
        sources[one.number] = source_of(one, is_repeated=one.operation_id in known)
        known.add(one.operation_id)
    return sources


def _skip_calls(document: Document, operations: Sequence[Operation], skip: Callable[[Place, str], None]) -> None:
    if document.version == "3.1":
        for name in mapping(document.root.get("webhooks", {}), ("webhooks",)):
            skip(("webhooks", name), "Webhooks are calls to you; declare an event type.")
    if not operations:
        skip(("paths",), "There is no operation.")
