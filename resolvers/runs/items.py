"""Records at work in a run: as they are kept between two steps, and the counts of those that are done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Final, Self

from proxy.inputs.exact import read_json, write_json


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """A record of a page. `touched`: a step has worked on it. `failed`: with an error that it went on from."""

    value: Any
    touched: bool = False
    failed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """Numbers of records that are done: written, ignored by filters, failed, or waiting to be tried again."""

    written: int = 0
    ignored: int = 0
    errors: int = 0
    waiting: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.written + self.ignored + self.errors + self.waiting

    def __add__(self, other: Counts) -> Counts:
        return Counts(**{one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(self)})

    @classmethod
    def of_done(cls, items: Iterable[Item]) -> Self:
        """The counts of records that came to the end of the flow."""
        written = ignored = errors = 0
        for item in items:
            if item.failed:
                errors += 1
            elif item.touched:
                written += 1
            else:
                ignored += 1
        return cls(written=written, ignored=ignored, errors=errors)


NONE: Final = Counts()


def packed(items: Iterable[Item]) -> bytes:
    """The records of a page as they are kept, before they are sealed."""
    return write_json([[item.value, item.touched, item.failed] for item in items])


def unpacked(raw: bytes) -> list[Item]:
    """The records that were kept."""
    found: Any = read_json(raw)
    return [Item(value=value, touched=touched, failed=failed) for value, touched, failed in found]
