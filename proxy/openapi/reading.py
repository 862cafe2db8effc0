"""The text of a document as values: JSON (RFC 8259) or YAML 1.2 with the tags of its core schema.

Both refuse a name that an object has twice. Aliases of YAML are counted as often as they are used.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import yaml

from proxy.openapi.broken import BrokenError

#: Values of a document, those behind aliases counted at each use; and levels.
_MOST_VALUES: Final = 4_000_000
_DEEPEST: Final = 200
#: https://yaml.org/spec/1.2.2/#1032-tag-resolution
_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,300}")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_TEXT_TAG: Final = "tag:yaml.org,2002:str"
_KNOWN_TAGS: Final = frozenset(
    {f"tag:yaml.org,2002:{word}" for word in ("str", "int", "float", "bool", "null", "map", "seq")} | {"!"}
)
_MERGE: Final = "<<"


def read_values(raw: bytes) -> Any:
    """The values of a text in UTF-8. Raises BrokenError with line and column."""
    text = raw.decode("utf-8-sig")
    return _of_json(text) if text.lstrip()[:1] in ("{", "[") else _of_yaml(text)


def _of_json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        message = f"It is not JSON: {error.msg} in line {error.lineno}, column {error.colno}."
        raise BrokenError((), message) from error
    except RecursionError as error:
        raise BrokenError((), f"It is nested more than {_DEEPEST} levels deep.") from error
    except BrokenError:
        raise
    except ValueError as error:  # an integer of thousands of digits
        raise BrokenError((), "It has a number that is too long.") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BrokenError((), f"An object has the name {twice[:100]} twice; keep one.")
    return made


def _no_number(word: str) -> Any:
    raise BrokenError((), f"{word} is not a number of JSON.")


def _of_yaml(text: str) -> Any:
    loader = yaml.CSafeLoader(text)
    try:
        value = _Builder(loader).document()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise BrokenError((), f"It is not YAML: {problem}{_at(mark)}.") from error
    finally:
        loader.dispose()
    return value


class _Builder:
    """Values of YAML events. No object is made but dicts, lists, texts, numbers, booleans and null."""

    def __init__(self, loader: Any) -> None:
        self._next = loader.get_event
        self._known: dict[str, tuple[Any, int]] = {}
        self._deep = 0

    def document(self) -> Any:
        self._next()  # the start of the stream
        if isinstance(self._next(), yaml.StreamEndEvent):
            return None
        value, _ = self._value(self._next())
        rest = self._next()
        if isinstance(rest, yaml.DocumentEndEvent):
            rest = self._next()
        if not isinstance(rest, yaml.StreamEndEvent):
            raise BrokenError((), f"It has a second document{_at(rest.start_mark)}; give one.")
        return value

    def _value(self, event: Any) -> tuple[Any, int]:
        """The value that begins with an event, and the number of values inside."""
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._known:
                raise BrokenError((), f"The alias {event.anchor} names nothing before it{_at(event.start_mark)}.")
            return self._known[event.anchor]
        if event.tag is not None and event.tag not in _KNOWN_TAGS:
            raise BrokenError((), f"The tag {event.tag[:100]} is not allowed{_at(event.start_mark)}.")
        self._deep += 1
        if self._deep > _DEEPEST:
            raise BrokenError((), f"It is nested more than {_DEEPEST} levels deep{_at(event.start_mark)}.")
        if isinstance(event, yaml.ScalarEvent):
            made: tuple[Any, int] = (_scalar(event), 1)
        elif isinstance(event, yaml.SequenceStartEvent):
            made = self._list()
        else:
            made = self._mapping()
        self._deep -= 1
        if made[1] > _MOST_VALUES:
            raise BrokenError((), f"It has more than {_MOST_VALUES} values; its aliases repeat too much.")
        if event.anchor is not None:
            self._known[event.anchor] = made
        return made

    def _list(self) -> tuple[list[Any], int]:
        values, count = [], 1
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            value, inside = self._value(event)
            values.append(value)
            count += inside
        return values, count

    def _mapping(self) -> tuple[dict[str, Any], int]:
        made: dict[str, Any] = {}
        merged: list[Any] = []
        count = 1
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            name = self._name(event)
            value, inside = self._value(self._next())
            count += inside
            if name == _MERGE:
                merged += value if isinstance(value, list) else [value]
            elif name in made:
                raise BrokenError((), f"An object has the name {name[:100]} twice{_at(event.start_mark)}; keep one.")
            else:
                made[name] = value
        for other in merged:  # https://yaml.org/type/merge.html
            if isinstance(other, dict):
                made = {**other, **made}
        return made, count

    def _name(self, event: Any) -> str:
        """A name as it is written: `200` is the name of an answer, and `on` that of a property."""
        if not isinstance(event, yaml.ScalarEvent):
            raise BrokenError((), f"A name in an object must be text{_at(event.start_mark)}.")
        return str(event.value)


def _scalar(event: Any) -> Any:
    text = event.value
    if not event.implicit[0] or event.tag == _TEXT_TAG:
        return text
    if text in _NULL:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _at(mark: Any) -> str:
    return "" if mark is None else f" in line {mark.line + 1}, column {mark.column + 1}"
