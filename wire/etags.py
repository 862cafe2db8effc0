"""Entity tags that a client knows already, also as proxies on the way changed them (RFC 9110 §8.8.3, §13.1.2)."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Final

#: An opaque tag without its quotes, and without the name of a coding. A proxy that compresses an answer appends it:
#: Apache `-gzip`, before 2.4 after the quotes, Jetty `--gzip`, others `;br` or `:zstd`. nginx makes the tag weak.
_TAG: Final = re.compile(r'"([^"]*?)(?:[-;:+]{1,2}(?:x-)?(?:gzip|br|brotli|zstd|deflate|df))?"', re.IGNORECASE)


class _Every(Container[str]):
    """The tags of `*`: whichever an answer has."""

    def __contains__(self, tag: object) -> bool:
        return True


def known_tags(if_none_match: str | None) -> Container[str]:
    """The opaque tags, for a weak comparison: of each compressed form, that of the answer itself. All for `*`."""
    named = (if_none_match or "").strip()
    return _Every() if named == "*" else frozenset(_TAG.findall(named))
