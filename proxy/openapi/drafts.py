"""All drafts of a document: the selected operations, at the level of detail at which they fit together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from proxy.inputs import check_extent
from proxy.openapi.addresses import Addresses
from proxy.openapi.broken import BrokenError, InexpressibleError, Place, shown
from proxy.openapi.document import Document, Operation, Skip, mapping
from proxy.openapi.drafting import draft_of, names_for, source_of
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
    addresses = Addresses(document, has_base=has_base) if chosen else None
    made = _fitting(document, chosen, addresses, sources, notes)
    facts = {
        "title": document.title[:255],
        "version": document.api_version,
        "sources": [sources[one.number] for one in operations],
        "skipped": notes.found,
        "skipped_count": notes.count,
    }
    return facts, made


def _fitting(
    document: Document,
    chosen: Sequence[Operation],
    addresses: Addresses | None,
    sources: dict[int, str],
    notes: Notes,
) -> list[dict[str, Any]]:
    """The drafts at the first level of detail at which one declaration may have them all."""
    levels = [level for level in _LEVELS if level * len(chosen) <= _PROMISING] or [_LEVELS[-1]]
    before = Notes(list(notes.found), notes.count)
    made: list[dict[str, Any]] = []
    for level, patterns in [*((level, True) for level in levels), (levels[-1], False)]:
        notes.found[:], notes.count = before.found, before.count
        drafts = (_draft(document, one, addresses, notes.of(sources[one.number]), level, patterns) for one in chosen)
        named = zip(drafts, chosen, strict=True)
        made = [draft | _names(one, sources[one.number]) for draft, one in named if draft is not None]
        if check_extent(draft[key] for draft in made for key in ("input_schema", "output_schema")) is None:
            break
    return made


def _draft(
    document: Document, operation: Operation, addresses: Addresses | None, skip: Skip, level: int, patterns: bool
) -> dict[str, Any] | None:
    """The draft of an operation; None, with a note, if no capability can be it."""
    assert addresses is not None  # noqa: S101  an operation is chosen
    try:
        made = draft_of(document, operation, addresses, skip, most=level, patterns=patterns)
    except InexpressibleError as reason:
        skip(operation.place, f"The operation is left out. {reason}")
        return None
    except UnicodeError:
        skip(operation.place, "The operation is left out. It has a text with half of a surrogate pair.")
        return None
    place = (*operation.place, "callbacks")
    for callback in mapping(operation.given.get("callbacks", {}), place):
        skip((*place, callback), "Callbacks are calls to you; declare an event type.")
    return made


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
