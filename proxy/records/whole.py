"""Records as JSON: read with their numbers as they are written, and judged before they are stored or sent."""

from __future__ import annotations

from typing import Final

from models.flow_words import RecordFault
from proxy.inputs.admissible import objections
from proxy.inputs.exact import read_json, write_json
from proxy.json_grammar import MOST_LEVELS
from proxy.records.fault import Faulty

MOST_BYTES: Final = 1_000_000


def read_answer(raw: bytes) -> object:
    """The value of a `JsonBody`: integers of any size and decimals of many digits are kept.

    Never raises: NUL, half surrogate pairs and numbers of more than 1,000 digits are the faults of single records,
    which `checked` finds. A large body is read in a thread by the caller.
    """
    return read_json(raw)


def checked(value: object) -> bytes:
    """The record as compact JSON in UTF-8.

    Raises Faulty: VALUE with its place for text that cannot be stored (NUL, half a surrogate pair), for a number that
    JSON does not have, and for more than 200 levels; TOO_LARGE beyond 1 MB.
    """
    if found := objections(value, ()):
        place = f" at {'.'.join(found[0].path)}" if found[0].path else ""
        raise Faulty(RecordFault.VALUE, f"The record has a fault{place}: {found[0].message}")
    written = write_json(value)
    if len(written) > MOST_BYTES:
        raise Faulty(
            RecordFault.TOO_LARGE,
            f"The record has {len(written)} bytes; at most {MOST_BYTES} are allowed. Map fewer members of it.",
        )
    if written.count(b"[") + written.count(b"{") > MOST_LEVELS and _is_deep(value):
        raise Faulty(
            RecordFault.VALUE,
            f"The record is nested more than {MOST_LEVELS} levels deep. Map the inner values further out.",
        )
    return written


def _is_deep(value: object) -> bool:
    level = [value]
    for _ in range(MOST_LEVELS):
        level = [
            member
            for one in level
            if isinstance(one, dict | list)
            for member in (one.values() if isinstance(one, dict) else one)
            if isinstance(member, dict | list)
        ]
        if not level:
            return False
    return True
