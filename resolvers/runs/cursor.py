"""The cursor of a run: its next work, written in one transaction with the work that is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from models.row import new_id
from resolvers.flows.content import Content


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """The work of the step at `position` on a page, recorded as the run's step `run_step_id`.

    Pages are counted over all sources. `source`: index of the source of the page; None for the run's own record.
    `paging`: the state of the page to read, or while a page is at work of the page after it; None at the end.
    `fault`: the sentence of an export that failed after this page. `kept`: samples so far, by position. `since`: the
    values with which sources of changes began. `pauses`: how often in a row it had to wait.
    """

    source: int | None
    page: int
    position: int
    run_step_id: str
    paging: dict[str, Any] | None = None
    fault: str | None = None
    kept: dict[str, int] = field(default_factory=dict)
    since: dict[str, int | None] = field(default_factory=dict)
    pauses: int = 0

    @classmethod
    def first(cls, content: Content, now: int) -> Self:
        """The beginning of a run: the first page of the first source, else the first processor."""
        sources = bool(content.sources)
        return cls(
            source=0 if sources else None,
            page=0,
            position=0,
            run_step_id=new_id(now),
            paging={} if sources else None,
        )

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """The cursor that was written."""
        return cls(**document)

    def as_json(self) -> dict[str, Any]:
        """The cursor as a JSON object."""
        return asdict(self)

    def reads(self, content: Content) -> bool:
        """Whether the next work is to read a page."""
        return self.position < len(content.sources)

    def after(self, content: Content, now: int, *, left: bool) -> Cursor | None:
        """The next work, after this one. `left`: there are records for a further step. None: the run is done."""
        begin = max(self.position + 1, len(content.sources))
        if left and begin < len(content.steps):
            return self._at(now, position=begin)
        if self.fault is not None:
            return None
        if self.source is not None and self.paging is not None:
            return self._at(now, position=self.source, page=self.page + 1)
        following = None if self.source is None else self.source + 1
        if following is None or following >= len(content.sources):
            return None
        return self._at(now, position=following, source=following, page=self.page + 1, paging={})

    def _at(self, now: int, **changed: Any) -> Cursor:
        return replace(self, run_step_id=new_id(now), pauses=0, **changed)
