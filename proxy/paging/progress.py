"""Progress of an export: all that one turn must tell the next, as small JSON."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Final

from proxy.paging.seen import Seen, digest_of
from proxy.paging.turns import Faulty

#: Bytes as JSON of a cursor or an address; the whole state is below 8 kB.
_LONGEST_NEXT: Final = 3_600
#: NUL as JSON escapes it, behind an even number of backslashes, or a half of a surrogate pair.
_UNKEPT: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000|[\ud800-\udfff]")


@dataclass(kw_only=True, slots=True)
class Progress:
    """`pages` and `records` that were read so far. `next`: the cursor or address of the next request, None at first.

    `empty`: pages without records in a row. `repeats`: pages whose records were there before. `last`: digest of the
    records of the page before. `met`: pages; `followed`: cursors and addresses.
    """

    pages: int = 0
    records: int = 0
    next: object = None
    empty: int = 0
    repeats: int = 0
    last: str = ""
    met: Seen = field(default_factory=Seen)
    followed: Seen = field(default_factory=Seen)

    @classmethod
    def read(cls, state: dict[str, object]) -> Progress:
        """From the JSON of `as_json`; {} is the beginning."""
        return cls(
            pages=_number(state, "pages"),
            records=_number(state, "records"),
            next=state.get("next"),
            empty=_number(state, "empty"),
            repeats=_number(state, "repeats"),
            last=str(state.get("last", "")),
            met=Seen.read(state.get("met")),
            followed=Seen.read(state.get("followed")),
        )

    def as_json(self) -> dict[str, object]:
        """Below 8 kB."""
        return {
            "pages": self.pages,
            "records": self.records,
            "next": self.next,
            "empty": self.empty,
            "repeats": self.repeats,
            "last": self.last,
            "met": self.met.as_json(),
            "followed": self.followed.as_json(),
        }

    def take(self, records: list[object]) -> str:
        """Count a page; its digest."""
        self.pages += 1
        self.records += len(records)
        self.empty = 0 if records else self.empty + 1
        return digest_of(records)

    def follows(self, value: object) -> bool:
        """Whether the cursor or address is a new one; it is the next. Raises Faulty if it cannot be kept.

        A number of more digits than JSON's readers keep becomes a text with these digits.
        """
        text = json.dumps(value, default=str)
        if len(text) > _LONGEST_NEXT:
            raise Faulty(
                f"The next cursor or address has {len(text)} bytes as JSON; at most {_LONGEST_NEXT} are kept."
            )
        self.next = json.loads(text)
        if _UNKEPT.search(json.dumps(self.next, ensure_ascii=False)):
            raise Faulty("The next cursor has NUL or half of a surrogate pair, so it cannot be kept.")
        return not self.followed.meets(digest_of(self.next))


def _number(state: dict[str, object], name: str) -> int:
    value = state.get(name, 0)
    return value if isinstance(value, int) else 0
