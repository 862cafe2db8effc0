"""Faults of an input, collected so that one answer names them all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any, Final

import orjson

from models.errors import InvalidInput, Path, Violation
from models.row import LONGEST_JSON, LONGEST_TEXT
from proxy.inputs.admissible import objections
from resolvers.unset import Unset

NAME: Final = 255
WORD: Final = 120
ADDRESS: Final = 2048
TEXT: Final = 10_000
LONG_TEXT: Final = LONGEST_TEXT
JSON_BYTES: Final = LONGEST_JSON

#: Faults of one answer.
_MOST: Final = 1_000
_SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_HANDLER: Final = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
_VENDOR: Final = re.compile(r"[a-z0-9]+([-_.][a-z0-9]+)*")
#: Characters that `str.isprintable` takes although nobody sees them: an empty Braille cell, and those of
#: Default_Ignorable_Code_Point (https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point).
_UNSEEN: Final = re.compile(
    "[\u2800\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_RESERVED: Final = frozenset({"HUB"})


class Faults:
    """A collection of faults below a path, raised together."""

    def __init__(self, *prefix: str) -> None:
        self.prefix: Path = prefix
        self.found: list[Violation] = []
        self._left_out = 0

    def add(self, path: Path | str, message: str) -> None:
        """Add a fault, below the prefix. A thousand are kept, others are counted."""
        if len(self.found) >= _MOST:
            self._left_out += 1
            return
        below = (path,) if isinstance(path, str) else path
        self.found.append(Violation(path=self.prefix + below, message=message))

    def check(self, holds: bool, path: Path | str, message: str) -> bool:
        """Add a fault unless the condition holds. Answers whether it holds."""
        if not holds:
            self.add(path, message)
        return holds

    def refuse(self) -> None:
        """Raise InvalidInput with every fault, if there is one."""
        if self.found:
            raise InvalidInput(self.found, count=len(self.found) + self._left_out)

    def text(self, path: Path | str, value: str | Unset | None, *, most: int, least: int = 0) -> bool:
        """Check the length in code points, and for characters that cannot be stored. Answers whether it fits."""
        if not isinstance(value, str):
            return True
        if len(value) > most:
            self.add(path, f"It must not be longer than {most} characters.")
        elif problem := text_problem(value):
            self.add(path, problem)
        else:
            return self.check(len(value.strip()) >= least, path, "It must not be empty.")
        return False

    def texts(self, path: Path, values: Sequence[str] | Unset | None, *, most: int) -> None:
        """Check a list of at most `most` words, such as scopes, each with its own fault."""
        if isinstance(values, Unset) or values is None:
            return
        if self.check(len(values) <= most, path, f"At most {most} of them."):
            for index, value in enumerate(values):
                self.text((*path, str(index)), value, most=NAME, least=1)

    def name(self, path: Path | str, value: str | Unset | None) -> None:
        """Check a display name: one line, not empty."""
        fits = self.text(path, value, most=NAME, least=1)
        if fits and isinstance(value, str) and any(unicodedata.category(letter) == "Cc" for letter in value):
            self.add(path, "It must not hold control characters.")

    def username(self, path: Path | str, value: str) -> None:
        """Check a user's name, by which others find it: no two that look the same differ in what cannot be seen."""
        if not self.text(path, value, most=WORD, least=1):
            return
        self.check(value == value.strip(), path, "It must not begin or end with a blank.")
        seen = value.isprintable() and _UNSEEN.search(value) is None
        if self.check(seen, path, "It must not hold control characters or others that cannot be seen."):
            form = unicodedata.normalize("NFKC", value)
            self.check(value == form, path, f"Write it in the Unicode form NFKC: {form}")

    def slug(self, path: Path | str, value: str | Unset | None) -> None:
        """Check a slug: kebab-case of ASCII letters and digits, so that no two slugs look the same."""
        if isinstance(value, str):
            fits = len(value) <= WORD and _SLUG.fullmatch(value) is not None
            self.check(fits, path, "It must be lower-case ASCII letters and digits joined by hyphens.")

    def handler(self, path: Path | str, value: str | Unset | None) -> None:
        """Check a handler: UPPER_SNAKE of ASCII letters and digits. `HUB` is reserved."""
        if isinstance(value, str):
            fits = len(value) <= WORD and _HANDLER.fullmatch(value) is not None
            if self.check(fits, path, "It must be upper-case ASCII letters and digits joined by underscores."):
                self.check(value not in _RESERVED, path, f"{value} is reserved for the hub itself.")

    def vendor(self, path: Path | str, value: str | Unset | None) -> None:
        """Check a vendor's key, such as `slack`."""
        if isinstance(value, str):
            fits = len(value) <= WORD and _VENDOR.fullmatch(value) is not None
            self.check(fits, path, "It must be lower-case ASCII letters and digits, joined by -, _ or a full stop.")

    def object(self, path: Path | str, value: Any, *, most: int = JSON_BYTES) -> None:
        """Check a JSON object of at most `most` bytes, and all of its text, for characters that cannot be stored."""
        if isinstance(value, Unset) or value is None:
            return
        if not self.check(isinstance(value, dict), path, "It must be a JSON object."):
            return
        below = (path,) if isinstance(path, str) else path
        problems = objections(value, below)
        for problem in problems:
            self.add(problem.path, problem.message)
        if not problems:
            self.check(len(orjson.dumps(value)) <= most, path, f"It must not be larger than {most} bytes.")


def require(holds: bool, path: Path, message: str) -> None:
    """Raise InvalidInput at one place unless the condition holds."""
    if not holds:
        raise InvalidInput.at(path, message)


def text_problem(value: str) -> str | None:
    """Why a text cannot be stored; None if it can."""
    if "\0" in value:
        return "It must not hold the character NUL."
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        return "It must not hold half of a surrogate pair."
    return None
