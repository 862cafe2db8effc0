"""Schemas of a document as JSON Schema 2020-12 within a budget: references are walked, never followed without end.

A place that is too deep, recursive, elsewhere or beyond the budget allows anything. Nothing here makes a schema
stricter than the document's.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

from proxy.inputs.regexes import regex_objection
from proxy.openapi.broken import BrokenError, InexpressibleError, Place
from proxy.openapi.document import Document, Skip, mapping

_DEEPEST: Final = 12
_LONGEST_TEXT, _LONGEST_INNER_TEXT = 1_000, 200
_MOST_OPTIONS: Final = 500
_MOST_MEMBERS: Final = 2_000
TYPES: Final = frozenset({"null", "boolean", "object", "array", "number", "string", "integer"})
_NUMBERS: Final = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_NATURALS: Final = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
_CHOICES: Final = {"allOf": "allOf", "anyOf": "anyOf", "oneOf": "anyOf"}
#: Keywords that judge values in ways that are not carried over.
_LEFT_OUT: Final = (
    *("not", "if", "patternProperties", "propertyNames", "dependentSchemas", "dependentRequired", "contains"),
    *("prefixItems", "unevaluatedProperties", "unevaluatedItems", "$dynamicRef"),
)
_TOO_LARGE: Final = "The schema is too large; anything is allowed here."
#: Keywords of an input itself, which stay where they are when its schema is wrapped.
_OUTSIDE: Final = frozenset({"description", "x-in", "x-array-format", "contentMediaType"})


@dataclass(frozen=True, slots=True)
class _Task:
    """A schema of the document to be written into `made`. `chain`: the references that led here."""

    made: dict[str, Any]
    given: Any
    place: Place
    chain: frozenset[str]
    depth: int


class Schemas:
    """Writes the schemas of one operation, level by level, so that what is deepest is cut first.

    `hidden`: the keyword of properties that are no part of this direction, `readOnly` or `writeOnly`.
    """

    def __init__(self, document: Document, skip: Skip, *, most: int, hidden: str, patterns: bool = True) -> None:
        self._document, self._skip, self._hidden, self._patterns = document, skip, hidden, patterns
        self._left = most
        self._pending: deque[_Task] = deque()
        self._described: dict[int, str] = {}
        self.cut = False

    def begin(self, given: Any, place: Place) -> dict[str, Any]:
        """The object of a root schema, which `finish` fills."""
        made: dict[str, Any] = {}
        self._left -= 1
        self._pending.append(_Task(made, given, place, frozenset(), 0))
        return made

    def finish(self) -> None:
        """Write all that was begun. Raises BrokenError for a schema that is none."""
        while self._pending:
            self._write(self._pending.popleft())

    def describe(self, made: dict[str, Any], description: str) -> None:
        """Give a root schema a description of its own, in place of the document's."""
        self._described[id(made)] = clipped(description, _LONGEST_TEXT)

    def followed(self, given: Any, place: Place) -> tuple[dict[str, Any], Place, frozenset[str]]:
        """A schema behind its references, its place, and the references that led to it.

        Raises InexpressibleError for one that is elsewhere.
        """
        chain: set[str] = set()
        beside: dict[str, Any] = {}
        while isinstance(given, dict) and "$ref" in given:
            reference = given["$ref"]
            if isinstance(reference, str) and reference in chain:
                raise BrokenError((*place, "$ref"), "The reference leads back to itself.")
            if self._document.version == "3.1":  # JSON Schema 2020-12 §8.2.3.1: keywords beside a reference hold
                beside = {**{key: value for key, value in given.items() if key != "$ref"}, **beside}
            chain.add(str(reference))
            given, place = self._document.target(reference, (*place, "$ref"))
        if given is True or given is False:
            given = {}
        return {**mapping(given, place), **beside}, place, frozenset(chain)

    def _write(self, task: _Task) -> None:
        try:
            given, place, chain = self.followed(task.given, task.place)
        except InexpressibleError as reason:
            self._skip(task.place, f"{reason} Anything is allowed here.")
            return
        if chain & task.chain:
            self._skip(task.place, "The schema contains itself; anything is allowed here.")
            self.cut = True
            return
        task = _Task(task.made, given, place, task.chain | chain, task.depth)
        self._write_plain(task)
        self._write_inner(task)
        if self._document.version != "3.1" and (given.get("nullable") or given.get("x-nullable")) is True:
            _admit_null(task.made)
        for key in _LEFT_OUT:
            if key in given:
                self._skip((*place, key), "This keyword is left out, so that more is allowed.")

    def _write_plain(self, task: _Task) -> None:
        given, made, place = task.given, task.made, task.place
        types = given.get("type")
        if isinstance(types, str | list) and TYPES.issuperset([types] if isinstance(types, str) else map(str, types)):
            made["type"] = types if isinstance(types, str) else list(dict.fromkeys(types))
        elif types not in (None, "file", []):
            self._skip((*place, "type"), "This is not a type of JSON; any is allowed.")
        if made.get("type") == []:
            del made["type"]
        described = self._described.get(id(made), given.get("description"))
        if isinstance(described, str) and described.strip():
            made["description"] = clipped(described, _LONGEST_INNER_TEXT if task.depth else _LONGEST_TEXT)
        if isinstance(given.get("format"), str) and given["format"] != "binary":
            made["format"] = given["format"][:100]
        self._write_options(task)
        self._write_limits(task)

    def _write_options(self, task: _Task) -> None:
        options, place = task.given.get("enum"), (*task.place, "enum")
        if "const" in task.given and _is_scalar(task.given["const"]):
            task.made["const"] = task.given["const"]
        if options is None:
            return
        if not isinstance(options, list) or not options:
            self._skip(place, "It must be a list of values; any is allowed.")
        elif len(options) > _MOST_OPTIONS or not all(map(_is_scalar, options)):
            self._skip(place, f"Only lists of at most {_MOST_OPTIONS} texts and numbers are kept; any is allowed.")
        else:
            task.made["enum"] = options

    def _write_limits(self, task: _Task) -> None:
        given, made = task.given, task.made
        for key in _NUMBERS:
            value = given.get(key)
            if _is_number(value) and (key != "multipleOf" or 1e-15 <= value <= 1e15):
                made[key] = value
        for key in _NATURALS:
            value = given.get(key)
            if _is_number(value) and value >= 0 and value == int(value):
                made[key] = int(value)
        if given.get("uniqueItems") is True:
            made["uniqueItems"] = True
        for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            if given.get(exclusive) is True and limit in made:  # the form before JSON Schema 2019-09
                made[exclusive] = made.pop(limit)
        regex = given.get("pattern")
        if isinstance(regex, str) and regex == clipped(regex, len(regex)):
            objection = regex_objection(regex) if self._patterns else "There are too many regexes."
            if objection is None:
                made["pattern"] = regex
            else:
                self._skip((*task.place, "pattern"), f"{objection} Any text is allowed.")

    def _write_inner(self, task: _Task) -> None:
        given, made, place = task.given, task.made, task.place
        for key, kept in _CHOICES.items():  # a part that is cut allows anything, so `oneOf` could fit twice
            choices = given.get(key)
            if isinstance(choices, list) and choices:
                holder: list[Any] = [None] * len(choices)
                for index, one in enumerate(choices):
                    self._begin_inner(task, holder, index, one, (*place, key, str(index)))
                if kept in made:
                    made.setdefault("allOf", []).append({kept: holder})
                else:
                    made[kept] = holder
        if "properties" in given:
            self._write_members(task)
        if isinstance(given.get("items"), dict):
            self._begin_inner(task, made, "items", given["items"], (*place, "items"))
        extra = given.get("additionalProperties")
        if isinstance(extra, dict):
            self._begin_inner(task, made, "additionalProperties", extra, (*place, "additionalProperties"))
        elif extra is False and "patternProperties" not in given:
            made["additionalProperties"] = False

    def _write_members(self, task: _Task) -> None:
        place = (*task.place, "properties")
        members = mapping(task.given["properties"], place)
        shown = {name: one for name, one in members.items() if not self._is_hidden(one, (*place, name))}
        if len(shown) > _MOST_MEMBERS:
            self._skip(place, _TOO_LARGE)
            return
        made: dict[str, Any] = {}
        for name, one in shown.items():
            self._begin_inner(task, made, name, one, (*place, name))
        task.made["properties"] = made
        required = [name for name in names_of(task.given.get("required")) if name in shown or name not in members]
        if required:
            task.made["required"] = required

    def _is_hidden(self, given: Any, place: Place) -> bool:
        if isinstance(given, dict) and "$ref" in given:
            try:
                given = self.followed(given, place)[0]
            except InexpressibleError:
                return False
        return isinstance(given, dict) and given.get(self._hidden) is True

    def _begin_inner(self, task: _Task, holder: Any, key: Any, given: Any, place: Place) -> None:
        if given is True or given == {} or given is False:
            holder[key] = True
        elif self._left <= 0 or task.depth >= _DEEPEST:
            self.cut = True
            holder[key] = True
            self._skip(place, _TOO_LARGE)
        else:
            self._left -= 1
            made: dict[str, Any] = {}
            holder[key] = made
            self._pending.append(_Task(made, given, place, task.chain, task.depth + 1))


def clipped(text: str, most: int) -> str:
    """A text without characters that cannot be stored, of at most `most` characters."""
    clean = "".join(letter for letter in text if letter != "\0" and not "\ud800" <= letter <= "\udfff").strip()
    return clean if len(clean) <= most else f"{clean[: most - 1]}…"


def names_of(value: Any) -> list[str]:
    """The texts of a list, each once; empty for anything else, such as the `required: true` of draft 3."""
    return list(dict.fromkeys(one for one in value if isinstance(one, str))) if isinstance(value, list) else []


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, str | bool) or _is_number(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and abs(value) < 2**63


def _admit_null(made: dict[str, Any]) -> None:
    """Let a schema allow null (`nullable`, OpenAPI 3.0.3 §4.7.24.1)."""
    if isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
        if "enum" in made and None not in made["enum"]:
            made["enum"] = [*made["enum"], None]
    elif "allOf" in made or "anyOf" in made:
        inner = {key: made.pop(key) for key in list(made) if key not in _OUTSIDE}
        made["anyOf"] = [inner, {"type": "null"}]
