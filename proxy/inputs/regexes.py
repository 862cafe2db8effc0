"""Regexes of schemas and definitions: only those that match in linear time, and their compiled size."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError

LONGEST_REGEX: Final = 200
LARGEST_REGEX: Final = 1_000_000
#: The engine without back-tracking: no regex takes more than linear time.
LINEAR: Final = RegexOptions(size_limit=LARGEST_REGEX)
#: The steps in which a size is measured.
_SIZES: Final = (10_000, 50_000, 200_000, LARGEST_REGEX)
_LARGEST_FULL: Final = 50_000
_BACKTRACKING: Final = re.compile(r"\(\?<?[=!]|\\[1-9]|\\k<")


def regex_objection(regex: str) -> str | None:
    """Why a regex is refused; None if it is accepted."""
    if len(regex) > LONGEST_REGEX:
        return f"A regex has at most {LONGEST_REGEX} characters."
    if regex_size(regex) is not None:
        return None
    if _BACKTRACKING.search(regex):
        return "Look-ahead, look-behind and back-references are not supported; write the regex without them."
    return "This is not a regex, or it is too large; correct it, or use smaller repetitions."


class FullMatch:
    """A regex that a whole text must match. A text of 8 kB takes at most 5 milliseconds."""

    LONGEST_TEXT: Final = 8 * 1024

    def __init__(self, validator: Draft202012Validator) -> None:
        self.matches: Callable[[str], bool] = validator.is_valid

    @classmethod
    @lru_cache(maxsize=1024)
    def of(cls, regex: str) -> FullMatch | None:
        """The match of this regex; None if it is not linear or compiles to more than 50 kB."""
        schema = {"type": "string", "pattern": f"^(?:{regex})$"}
        try:
            return cls(Draft202012Validator(schema, pattern_options=RegexOptions(size_limit=_LARGEST_FULL)))
        except ValidationError:
            return None


@lru_cache(maxsize=4096)
def regex_size(regex: str) -> int | None:
    """An upper limit of the compiled size in bytes; None for a text that is no linear regex of up to 1 MB."""
    return next((size for size in _SIZES if _compiles(regex, RegexOptions(size_limit=size))), None)


def _compiles(regex: str, options: RegexOptions) -> bool:
    try:
        Draft202012Validator({"type": "string", "pattern": regex}, pattern_options=options)
    except ValidationError:
        return False
    return True
