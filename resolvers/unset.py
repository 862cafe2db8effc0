"""UNSET: an absent value. Absent is not null."""

from enum import Enum
from typing import Final, TypeVar

T = TypeVar("T")


class Unset(Enum):
    """The type of UNSET, for annotations such as `str | None | Unset`."""

    UNSET = "UNSET"

    def __bool__(self) -> bool:
        return False


UNSET: Final = Unset.UNSET


def given(value: T | Unset, otherwise: T) -> T:
    """The value; the other one if it is absent."""
    return otherwise if isinstance(value, Unset) else value
