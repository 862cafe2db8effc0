"""Texts of remote services as people see them: cleaned first, and masked afterwards."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from proxy.redact import redact_start

#: Characters without a glyph that `str.isprintable` lets pass (Unicode's Default_Ignorable_Code_Point).
_INVISIBLE: Final = frozenset({0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180F, 0x3164, 0xFFA0}) | frozenset(
    [*range(0x180B, 0x180E), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]
)


def shown(text: str, secrets: Collection[str]) -> str:
    """The text as one line of visible characters, with the secrets masked.

    Characters that are not shown are removed before the secrets are looked for: a secret with one inside would pass
    as another text, and be whole once they are removed. Cut the line afterwards, never before.
    """
    return redact_start(one_line(text), {*secrets, *map(one_line, secrets)})


def one_line(text: str) -> str:
    """The text without control characters, and others that have no glyph, and with single spaces."""
    kept = (one for one in text if one.isspace() or (one.isprintable() and ord(one) not in _INVISIBLE))
    return " ".join("".join(kept).split())
