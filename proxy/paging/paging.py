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
        records = answers.records_of(self._declared, self._reply)
        if self._declared.limit is not None:
            records = records[: self._declared.limit - self._progress.records]
        digest = self._progress.take(records)
        goes_on = self._named if self._declared.kind in NAMED else self._counted
        stop = self._told() or goes_on(digest) or self._exhausted(spent_ms)
        if stop is None:
            return Page(records=records, next=self._paging.resumed(self._progress.as_json()), digest=digest)
        is_new = stop is not StopReason.SAME_PAGE
        return Page(records=records if is_new else [], stop=stop, fault=_SENTENCES.get(stop), digest=digest)

    def _told(self) -> StopReason | None:
        """The end by the limit, a flag or a stop rule."""
        declared, progress, reply = self._declared, self._progress, self._reply
        if declared.limit is not None and progress.records >= declared.limit:
            return StopReason.LIMIT
        if declared.kind is Kind.NONE or self._more is False or answers.is_marked(declared, reply):
            return self._end()
        totals = ((progress.pages, declared.stop.pages), (progress.records, declared.stop.records))
        is_all = any(answers.are_all(count, place, reply, is_first=self._is_first) for count, place in totals)
        return self._end() if is_all else None

    def _counted(self, digest: str) -> StopReason | None:
        """The end of an export that counts pages or records."""
        if self._progress.empty:
            return None if self._more else StopReason.EMPTY
        return StopReason.SAME_PAGE if self._repeats(digest, goes_on=False) else None

    def _named(self, digest: str) -> StopReason | None:
        """The end of an export whose answers name the next cursor or address. Raises Faulty."""
        following = self._following()
        if following is None and self._more:
            raise Faulty(f"The answer says that there are more records, but it has no next {_noun(self._declared)}.")
        if following is None:
            return self._end()
        is_new = self._progress.follows(following)
        if self._progress.empty and not self._more:
            return None if is_new and self._progress.empty <= _MOST_EMPTY else StopReason.EMPTY
        if self._repeats(digest, goes_on=is_new):
            return StopReason.SAME_PAGE
        return None if is_new else StopReason.CURSOR_REPEATED

    def _following(self) -> object:
        """The next cursor or address of the answer; None if it names none."""
        declared, reply = self._declared, self._reply
        found = answers.next_of(declared, reply, is_first=self._is_first)
        if found is None:
            return None
        if isinstance(found, bool) or (declared.kind in ADDRESSED and not isinstance(found, str)):
            raise Faulty(f"The next {_noun(declared)} is {kind_of(found)}; it cannot be sent as one.")
        if not isinstance(found, str) or declared.kind is Kind.CURSOR:
            return found
        if self._is_first:
            self._progress.followed.meets(digest_of(plain(reply.url, reply.secrets)))
        return followed(reply.url, found, reply.secrets)

    def _repeats(self, digest: str, *, goes_on: bool) -> bool:
        """Whether the page is in a loop; never while the service says that there are more.

        `goes_on`: the next request is known to be a new one, so the page before may have been equal by chance.
        """
        progress = self._progress
        is_same, progress.last = progress.last == digest, digest
        if self._more or not progress.met.meets(digest):
            return False
        progress.repeats += 1
        return progress.repeats >= _MOST_REPEATS or (is_same and not goes_on)

    def _end(self) -> StopReason:
        return StopReason.END if self._progress.records else StopReason.EMPTY

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
