"""Digests of pages or cursors that an export has met, in bounded memory: a loop of any length is found."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from json import dumps
from typing import Final

import orjson

_RECENT: Final = 70
_LETTERS: Final = 16


def digest_of(value: object) -> str:
    """SHA-256 of a JSON value in hexadecimal, whatever the order of members is."""
    try:
        text = orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # an integer beyond 64 bits, or half a surrogate pair
        text = dumps(value, sort_keys=True, default=str).encode()
    return sha256(text).hexdigest()


@dataclass(kw_only=True, slots=True)
class Seen:
    """The digests of the last seventy, and those at the powers of two.

    A loop of n begins at some page. From the first power of two in it that is not below n, the loop comes back to it:
    it is found within three times its length and beginning (R. Brent's algorithm).
    """

    count: int = 0
    kept: list[str] = field(default_factory=list)
    recent: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, state: object) -> Seen:
        """From the JSON of `as_json`, or None."""
        count, kept, recent = state if isinstance(state, list) else (0, "", "")
        return cls(count=count, kept=_parts(kept), recent=_parts(recent))

    def as_json(self) -> list[object]:
        """At most 3 kB for ten thousand digests."""
        return [self.count, "".join(self.kept), "".join(self.recent)]

    def meets(self, digest: str) -> bool:
        """Whether it was there before. It is added."""
        short = digest[:_LETTERS]
        if short in self.kept or short in self.recent:
            return True
        self.count += 1
        if self.count & (self.count - 1) == 0:
            self.kept.append(short)
        else:
            self.recent = [*self.recent, short][-_RECENT:]
        return False


def _parts(text: str) -> list[str]:
    return [text[at : at + _LETTERS] for at in range(0, len(text), _LETTERS)]
