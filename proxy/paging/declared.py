"""Paging as a step declares it, as typed values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from proxy.paging.places import Place

MOST_PAGES: Final = 10_000
MOST_SECONDS: Final = 3_600


class Kind(StrEnum):
    """Where the next request comes from: a counter of pages or records, the answer's body, or its Link header."""

    NONE = "none"
    PAGE = "page"
    OFFSET = "offset"
    CURSOR = "cursor"
    LINK = "link"
    NEXT_URL = "next_url"


#: Kinds whose next request the answer names.
NAMED: Final = frozenset({Kind.CURSOR, Kind.LINK, Kind.NEXT_URL})
#: Kinds whose next request has an address of its own.
ADDRESSED: Final = frozenset({Kind.LINK, Kind.NEXT_URL})


@dataclass(frozen=True, kw_only=True, slots=True)
class Stop:
    """Answers that are the end. An answer with `status` has no records.

    `last`: a place, and `values` the texts there that mark the last page. `pages`, `records`: places of their numbers
    in the whole.
    """

    status: int | None = None
    last: Place | None = None
    values: tuple[str, ...] = ()
    pages: Place | None = None
    records: Place | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Declared:
    """The members of `pagination`, see `docs/exports.md`.

    `items`: the place of the list of records, None for the answer itself. `is_whole`: an answer that has no list
    there is one record. `ends_unreachable`: so is the export if the way to `next` is not there.
    """

    kind: Kind = Kind.NONE
    items: Place | None = None
    is_whole: bool = True
    more: Place | None = None
    next: Place | None = None
    next_header: str | None = None
    ends_unreachable: bool = False
    input: Place | None = None
    start: object = None
    size: int | None = None
    size_input: Place | None = None
    limit: int | None = None
    max_pages: int = MOST_PAGES
    max_seconds: int = MOST_SECONDS
    stop: Stop = field(default_factory=Stop)
