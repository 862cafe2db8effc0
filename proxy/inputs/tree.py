"""A JSON Schema as a tree: its sub-schemas, references and regexes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import unquote

from models.errors import Path
from proxy.inputs.simple import Schema, resolve

#: Keywords that hold sub-schemas which are evaluated only where something refers to them.
DEFINITIONS: Final = frozenset({"$defs", "definitions"})
#: Keywords with sub-schemas by free names, and keywords that hold data.
_INNER: Final = (dict, list)
_BY_NAME: Final = DEFINITIONS | {"properties", "patternProperties", "dependentSchemas"}
_DATA: Final = frozenset({"enum", "const", "default", "examples", "required", "dependentRequired", "type"})


def nodes_of(schema: Schema) -> Iterator[tuple[Mapping[str, object], Path]]:
    """Every sub-schema with its place, in order; the schema itself first."""
    pending: list[tuple[object, Path]] = [(schema, ())]
    while pending:
        node, path = pending.pop()
        if isinstance(node, Mapping):
            yield node, path
        pending += reversed([(child, path + more) for more, child in children_of(node)])


def extent_of(schemas: Iterable[object], most: int) -> tuple[int, int]:
    """The numbers of sub-schemas and of regexes in these schemas; counting ends after `most` sub-schemas."""
    nodes = regexes = 0
    for schema in schemas:
        for node, _ in nodes_of(schema) if isinstance(schema, Mapping) else ():
            nodes += 1
            regexes += sum(1 for _ in regexes_of(node))
            if nodes > most:
                return nodes, regexes
    return nodes, regexes


def children_of(node: object) -> list[tuple[Path, object]]:
    """The objects and lists inside a schema or a list of schemas, except data, each with its place."""
    if isinstance(node, list):
        return [((str(index),), child) for index, child in enumerate(node) if isinstance(child, _INNER)]
    found: list[tuple[Path, object]] = []
    for key, child in node.items() if isinstance(node, Mapping) else ():
        if key in _BY_NAME and isinstance(child, Mapping):
            found += [((key, name), member) for name, member in child.items() if isinstance(member, _INNER)]
        elif key not in _DATA and isinstance(child, _INNER):
            found.append(((key,), child))
    return found


def reached_from(schema: Schema, node: object) -> list[tuple[Path, object]]:
    """The values that an evaluation of a sub-schema can enter: its children, and the target of its reference."""
    found = [(path, child) for path, child in children_of(node) if path[0] not in DEFINITIONS]
    if isinstance(node, Mapping) and "$ref" in node:
        found.append((("$ref",), target_of(schema, node)))
    return found


def target_of(schema: Schema, node: Mapping[str, object]) -> object | None:
    """The target of a sub-schema's `$ref` (a fragment, RFC 6901 §6), or None."""
    return resolve(schema, unquote(str(node["$ref"])))


def regexes_of(node: Mapping[str, object]) -> Iterator[tuple[Path, str]]:
    """The regexes of a sub-schema, each with its place in it."""
    pattern, patterns = node.get("pattern"), node.get("patternProperties")
    if isinstance(pattern, str):
        yield ("pattern",), pattern
    for regex in patterns if isinstance(patterns, Mapping) else ():
        yield ("patternProperties", regex[:20]), regex
