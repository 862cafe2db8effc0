"""Changes of schemas that break callers or receivers: found by comparing a declaration with the one before it."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Final

from models.vocabulary import HttpMethod

_DEEPEST: Final = 20
_LONGEST_PATH: Final = 255
_NUMBERS: Final = frozenset({"integer", "number"})


class Break(StrEnum):
    """A change that breaks: a name, member or value is gone, a member is needed now, a type or method is another."""

    REMOVED = "REMOVED"
    METHOD_CHANGED = "METHOD_CHANGED"
    REQUIRED_ADDED = "REQUIRED_ADDED"
    MEMBER_REMOVED = "MEMBER_REMOVED"
    VALUE_REMOVED = "VALUE_REMOVED"
    TYPE_NARROWED = "TYPE_NARROWED"


def breaks_of_capability(
    name: str, old: tuple[HttpMethod, dict[str, Any]], new: tuple[HttpMethod, dict[str, Any]]
) -> list[dict[str, str]]:
    """The breaks of a capability between two pairs of method and schema of its inputs."""
    by_method = [_entry(name, Break.METHOD_CHANGED)] if old[0] is not new[0] else []
    return by_method + breaks_of_schema(name, old[1], new[1])


def breaks_of_schema(name: str, old: object, new: object) -> list[dict[str, str]]:
    """The breaks between two JSON Schemas: `{name, change, path}`, the path with dots. No schema allows anything.

    Compared are `type`, `enum`, `const`, `required`, `properties` and `items`, down to 20 levels.
    """
    return [_entry(name, kind, path) for kind, path in _breaks(old, new, ())]


def removed(name: str) -> dict[str, str]:
    """The break of a name that is declared no longer."""
    return _entry(name, Break.REMOVED)


def _entry(name: str, kind: Break, path: str = "") -> dict[str, str]:
    return {"name": name, "change": kind} | ({"path": path} if path else {})


def _breaks(old: object, new: object, path: tuple[str, ...]) -> Iterator[tuple[Break, str]]:
    if not isinstance(new, dict) or len(path) > _DEEPEST:
        return
    old = old if isinstance(old, dict) else {}
    here = ".".join(path)[:_LONGEST_PATH]
    if _types(old) - _types(new):
        yield Break.TYPE_NARROWED, here
    if _loses_values(old, new):
        yield Break.VALUE_REMOVED, here
    for name in sorted(_names(new.get("required")) - _names(old.get("required"))):
        yield Break.REQUIRED_ADDED, _below(path, name)
    before, after = _members(old), _members(new)
    for name, schema in before.items():
        if name not in after:
            yield Break.MEMBER_REMOVED, _below(path, name)
        else:
            yield from _breaks(schema, after[name], (*path, name))
    if "items" in old:
        yield from _breaks(old["items"], new.get("items"), (*path, "[]"))


def _types(schema: dict[str, Any]) -> frozenset[str]:
    """The allowed types; a number is also an integer (JSON Schema 2020-12, validation §6.1.1)."""
    every = frozenset({"null", "boolean", "object", "array", "string"}) | _NUMBERS
    declared = schema.get("type", every)
    types = frozenset([declared] if isinstance(declared, str) else declared)
    return types | {"integer"} if "number" in types else types


def _loses_values(old: dict[str, Any], new: dict[str, Any]) -> bool:
    allowed = _values(new)
    if allowed is None:
        return False
    before = _values(old)
    return before is None or any(value not in allowed for value in before)


def _values(schema: dict[str, Any]) -> list[Any] | None:
    """The only allowed values; None for any. True and 1 are different values in JSON."""
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    return None if values is None else [(type(value) is bool, value) for value in values]


def _names(value: object) -> set[str]:
    return set(value) if isinstance(value, list) else set()


def _members(schema: dict[str, Any]) -> dict[str, Any]:
    members = schema.get("properties")
    return members if isinstance(members, dict) else {}


def _below(path: tuple[str, ...], name: str) -> str:
    return ".".join((*path, name))[:_LONGEST_PATH]
