"""Paging by number, `page` and `size`, and by rows, `start` and `limit`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

from models.errors import InvalidInput
from resolvers.page import GREATEST_OFFSET, SliceRequest
from rest.kit.asked import Asked

_WHOLE: Final = re.compile(r"[0-9]{1,18}")
_POSITIVE: Final = re.compile(r"0{0,9}[1-9][0-9]{0,17}")


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of a list."""

    number: int
    size: int

    @classmethod
    def of(cls, asked: Asked, *, greatest: int) -> Self:
        """From the query. Default: the first page of the greatest size; larger sizes are cut to it.

        Raises InvalidInput unless both are positive integers.
        """
        size = _positive(asked, "size", greatest)
        return cls(number=_positive(asked, "page", 1), size=min(size, greatest))

    def request(self) -> SliceRequest:
        """The rows of this page and the total of all. Raises InvalidInput beyond the greatest offset."""
        return SliceRequest(size=self.size, offset=(self.number - 1) * self.size, count=True)

    def last(self, total: int) -> int:
        """The number of the last page; 1 for an empty list."""
        return max(1, -(-total // self.size))


@dataclass(frozen=True, kw_only=True)
class Window:
    """Rows of a list from `start`, counted from 0."""

    start: int
    size: int

    @classmethod
    def of(cls, asked: Asked, *, usual: int, greatest: int) -> Self:
        """From `start` and `limit` of the query. Default: `usual` rows; larger limits than `greatest` are cut.

        Raises InvalidInput unless both are whole numbers, and for a limit of 0.
        """
        text = asked.query.get("start", "0")
        if not isinstance(text, str) or not _WHOLE.fullmatch(text):
            raise InvalidInput.at("start", "It must be a whole number from 0.")
        if int(text) > GREATEST_OFFSET:
            raise InvalidInput.at("start", f"Lists are paged to {GREATEST_OFFSET} rows; use a filter for later rows.")
        return cls(start=int(text), size=min(_positive(asked, "limit", usual), greatest))

    def request(self) -> SliceRequest:
        """These rows and the total of all."""
        return SliceRequest(size=self.size, offset=self.start, count=True)


def _positive(asked: Asked, name: str, otherwise: int) -> int:
    text = asked.query.get(name)
    if text is None:
        return otherwise
    if not isinstance(text, str) or not _POSITIVE.fullmatch(text):
        raise InvalidInput.at(name, "It must be a positive integer.")
    return int(text)
