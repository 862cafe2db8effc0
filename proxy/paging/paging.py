"""Paging of a step: the first request, each next one, and the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from models.errors import Path
from models.vocabulary import StopReason
from proxy.paging import answers
from proxy.paging.declared import ADDRESSED, NAMED, Declared, Kind
from proxy.paging.following import followed, plain
from proxy.paging.places import Place
from proxy.paging.progress import Progress
from proxy.paging.reading import declared
from proxy.paging.seen import digest_of
from proxy.paging.shapes import kind_of
from proxy.paging.turns import Faulty, Page, Reply, Turn

#: Empty pages in a row that are followed, if the answer names a next one and `more` is not declared.
_MOST_EMPTY: Final = 10
#: One page may be equal to an earlier one by chance, a second one is a loop.
_MOST_REPEATS: Final = 2


class Paging:
    """How an export goes on, as its step declares it. `declared`: the members of `pagination`."""

    __slots__ = ("declared",)

    def __init__(self, declared: Declared) -> None:
        self.declared = declared

    @classmethod
    def read(cls, value: Mapping[str, object] | None, *, path: Path = ("pagination",)) -> Paging:
        """The paging of a step's `pagination`; for None the export is one page.

        Raises InvalidInput with every fault, each at its place below `path`.
        """
        return cls(declared(value, path))

    def first(self) -> Turn:
        """The first request of an export."""
        return self.resumed({})

    def resumed(self, state: dict[str, object]) -> Turn:
        """The turn of which `state` was kept."""
        progress, paging = Progress.read(state), self.declared
        values: list[tuple[Place, object]] = []
        if paging.size_input is not None and paging.size is not None:
            values.append((paging.size_input, paging.size))
        if paging.input is not None and (counter := _counter(paging, progress)) is not None:
            values.append((paging.input, counter))
        is_address = paging.kind in ADDRESSED and isinstance(progress.next, str)
        return Turn(values=tuple(values), url=str(progress.next) if is_address else None, state=state)

    def ends_with(self, status: int) -> bool:
        """Whether an answer with this status is the end of the export, by default 404, and no failure."""
        return status == self.declared.stop.status

    def turned(self, state: dict[str, object], reply: Reply, *, spent_ms: int = 0) -> Page:
        """The page in the answer to the turn of `state`. `spent_ms`: the time that the export has taken so far.

        It walks through the whole page: for a large one call it in a thread. Never raises for any answer.
        """
        progress = Progress.read(state)
        if self.ends_with(reply.status):
            return Page(stop=StopReason.END if progress.pages else StopReason.EMPTY)
        try:
            answers.require_page(reply)
            return _Turning(self, progress, reply).page(spent_ms)
        except Faulty as fault:
            return Page(fault=str(fault))


class _Turning:
    """One answer on its way to a page."""

    def __init__(self, paging: Paging, progress: Progress, reply: Reply) -> None:
        self._paging, self._declared = paging, paging.declared
        self._progress, self._reply = progress, reply
        self._is_first = progress.pages == 0
        self._more = answers.has_more(self._declared, reply, is_first=self._is_first)

    def page(self, spent_ms: int) -> Page:
        """Raises Faulty."""
        progress, limit = self._progress, self._declared.limit
        records = answers.records_of(self._declared, self._reply)
        if limit is not None:
            records = records[: limit - progress.records]
        digest = progress.take(records)
        following = self._following()
        stop = self._ended(following)
        if stop is None:
            stop = self._looped(digest, following)
        if stop is StopReason.SAME_PAGE:
            return Page(stop=stop, fault=_SENTENCES[stop], digest=digest)
        stop = stop or self._exhausted(spent_ms)
        if stop is not None:
            return Page(records=records, stop=stop, fault=_SENTENCES.get(stop), digest=digest)
        return Page(records=records, next=self._paging.resumed(progress.as_json()), digest=digest)

    def _following(self) -> object:
        """The next cursor or address of the answer; None if it names none."""
        declared, reply = self._declared, self._reply
        if declared.kind not in NAMED or self._more is False:
            return None
        found = answers.next_of(declared, reply, is_first=self._is_first)
        if found is None:
            return None
        if isinstance(found, bool) or (declared.kind in ADDRESSED and not isinstance(found, str)):
            raise Faulty(f"The next {_noun(declared)} is {kind_of(found)}; it cannot be sent as one.")
        if not isinstance(found, str) or declared.kind is Kind.CURSOR:
            return found
        return followed(reply.url, found, reply.secrets)

    def _ended(self, following: object) -> StopReason | None:
        """The end by the answer's own word."""
        declared, progress, reply = self._declared, self._progress, self._reply
        if declared.limit is not None and progress.records >= declared.limit:
            return StopReason.LIMIT
        if declared.kind is Kind.NONE or self._more is False or answers.is_marked(declared, reply):
            return self._end()
        pages = answers.total_at(declared.stop.pages, reply, is_first=self._is_first)
        records = answers.total_at(declared.stop.records, reply, is_first=self._is_first)
        if (pages is not None and progress.pages >= pages) or (records is not None and progress.records >= records):
            return self._end()
        if declared.kind in NAMED and following is None:
            if self._more:
                raise Faulty(f"The answer says that there are more records, but it has no next {_noun(declared)}.")
            return self._end()
        is_over = declared.kind not in NAMED or progress.empty > _MOST_EMPTY
        return StopReason.EMPTY if progress.empty and is_over and not self._more else None

    def _end(self) -> StopReason:
        return StopReason.END if self._progress.records else StopReason.EMPTY

    def _looped(self, digest: str, following: object) -> StopReason | None:
        """A page or cursor that was there before. Pages may be equal while the service says that there are more."""
        progress, declared = self._progress, self._declared
        is_new = True
        if declared.kind in NAMED:
            if declared.kind in ADDRESSED and self._is_first:
                progress.followed.meets(digest_of(plain(self._reply.url, self._reply.secrets)))
            is_new = progress.follows(following)
        if progress.empty:
            return None if is_new else StopReason.EMPTY
        is_same, progress.last = progress.last == digest, digest
        if not self._more and progress.met.meets(digest):
            progress.repeats += 1
            goes_on = is_new and declared.kind in NAMED
            if progress.repeats >= _MOST_REPEATS or (is_same and not goes_on):
                return StopReason.SAME_PAGE
        return None if is_new else StopReason.CURSOR_REPEATED

    def _exhausted(self, spent_ms: int) -> StopReason | None:
        if self._progress.pages >= self._declared.max_pages:
            return StopReason.MAX_PAGES
        return StopReason.MAX_TIME if spent_ms >= 1000 * self._declared.max_seconds else None


_SENTENCES: Final = {
    StopReason.SAME_PAGE: "The service gives the same page again and again. Check the name of the input that pages; "
    "if equal pages are right, name the service's own flag in `more`.",
    StopReason.CURSOR_REPEATED: "The service names a next page that was read already; going on would never end.",
    StopReason.MAX_PAGES: "The export has more pages than `maxPages` allows.",
    StopReason.MAX_TIME: "The export has taken longer than `maxSeconds` allows.",
}


def _counter(paging: Declared, progress: Progress) -> object:
    """The value of `input` in the next request."""
    if paging.kind is Kind.CURSOR:
        return paging.start if progress.next is None else progress.next
    start = paging.start if isinstance(paging.start, int) else 0
    return start + (progress.pages if paging.kind is Kind.PAGE else progress.records)


def _noun(paging: Declared) -> str:
    return "cursor" if paging.kind is Kind.CURSOR else "address"
