"""The operations to take of a document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from proxy.openapi.document import Operation


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Conditions on operations: one of each list that is given must hold. None: all."""

    tags: Sequence[str] | None = None
    path_prefixes: Sequence[str] | None = None
    operation_ids: Sequence[str] | None = None

    def takes(self, operation: Operation) -> bool:
        """Whether an operation is taken."""
        return (
            (self.tags is None or not set(self.tags).isdisjoint(operation.tags))
            and (self.path_prefixes is None or operation.path.startswith(tuple(self.path_prefixes)))
            and (self.operation_ids is None or operation.operation_id in self.operation_ids)
        )

    def unknown(self, operations: Sequence[Operation]) -> list[tuple[tuple[str, str], str]]:
        """The words that fit no operation of the document, each with its place (list and index)."""
        tags = {tag for one in operations for tag in one.tags}
        ids = {one.operation_id for one in operations}
        paths = {one.path for one in operations}
        fits = {
            "tags": tags.__contains__,
            "path_prefixes": lambda prefix: any(path.startswith(prefix) for path in paths),
            "operation_ids": ids.__contains__,
        }
        return [
            ((name, str(index)), word)
            for name, fit in fits.items()
            for index, word in enumerate(getattr(self, name) or ())
            if not fit(word)
        ]


def by_tag(operations: Iterable[Operation], *, most: int = 30) -> str:
    """The numbers of operations by their tags, most first, such as `repos 201, actions 184`."""
    counts: dict[str, int] = {}
    for one in operations:
        for tag in one.tags or ["without a tag"]:
            counts[tag] = counts.get(tag, 0) + 1
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    shown = [f"{tag[:60]} {count}" for tag, count in ordered[:most]]
    return ", ".join([*shown, *([f"and {len(ordered) - most} more tags"] if len(ordered) > most else [])])
