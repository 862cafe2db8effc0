"""Sentences about JSON values: their kind, the names that they have, and paths as text."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Final

from proxy.shown import one_line

_MOST_NAMES: Final = 12
_LONGEST_NAME: Final = 40
_SHORTEST_NAME: Final = 3
_PLAIN: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def named(steps: Sequence[str | int]) -> str:
    """The steps as a path."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += ("." if text else "") + (step if _PLAIN.fullmatch(step) else json.dumps(step))
    return text


def kind_of(value: object) -> str:
    """The value's kind with its article, such as `an object`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    kinds: dict[type, str] = {dict: "an object", list: "a list", str: "a text"}
    return kinds.get(type(value), "a number")


def names_of(value: object) -> str:
    """The names that an object has, for people: at most twelve, each cut; else the value's kind."""
    if not isinstance(value, dict):
        return f"{kind_of(value)}, not an object"
    if not value:
        return "an empty object"
    shown = [one_line(str(name))[:_LONGEST_NAME] for name in list(value)[:_MOST_NAMES]]
    return ", ".join([*shown, "…"] if len(value) > _MOST_NAMES else shown)


def near_name(step: str | int, value: object) -> str | None:
    """A name of an object that is almost `step`: other case or marks, or one letter more, less or other."""
    if not isinstance(step, str) or not isinstance(value, dict):
        return None
    wanted = _letters(step)
    return next((name for name in value if name != step and _is_near(wanted, _letters(str(name)))), None)


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", name[:_LONGEST_NAME]).lower()


def _is_near(one: str, other: str) -> bool:
    """Whether at most one letter is to be put in, left out or replaced."""
    short, long = sorted((one, other), key=len)
    if len(short) < _SHORTEST_NAME:
        return False
    same = next((at for at, letter in enumerate(short) if letter != long[at]), len(short))
    return short[same:] in (long[same + 1 :], long[same:]) or short[same + 1 :] == long[same + 1 :]
