"""A walk over a schema: finds forbidden keywords, and measures the expansion of references."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from models.errors import Path, Violation
from proxy.inputs.simple import Schema, resolve

_MAX_NODES = 5_000
_MAX_DEPTH = 64
_MAX_EXPANSION = 20_000
_MAX_PATTERN = 200

# Keywords with free member names, and keywords that contain data, not schemas.
_MAPS = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
_DATA = frozenset({"enum", "const", "default", "examples"})
_FOREIGN = frozenset({"$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor"})


def walk(schema: Schema) -> Iterator[Violation]:
    """Faults of all sub-schemas, in order. The expansion is judged only if there are none."""
    nodes: list[tuple[Mapping[str, object], Path]] = []
    faults = 0
    for node, path in _nodes(schema):
        nodes.append((node, path))
        if len(nodes) > _MAX_NODES or len(path) > _MAX_DEPTH:
            yield Violation(path=path[:8], message="The schema is too large or too deep.")
            return
        for fault in _faults(node, path):
            faults += 1
            yield fault
    if not faults:
        yield from _references(schema, nodes)


def _nodes(schema: Schema) -> Iterator[tuple[Mapping[str, object], Path]]:
    pending: list[tuple[object, Path]] = [(schema, ())]
    while pending:
        node, path = pending.pop()
        if isinstance(node, Mapping):
            yield node, path
        pending += reversed([(child, path + more) for more, child in _children(node)])


def _children(node: object) -> list[tuple[Path, object]]:
    if isinstance(node, list):
        return [((str(index),), child) for index, child in enumerate(node)]
    found: list[tuple[Path, object]] = []
    for key, child in node.items() if isinstance(node, Mapping) else ():
        if key in _MAPS and isinstance(child, Mapping):
            found += [((key, name), member) for name, member in child.items()]
        elif key not in _DATA:
            found.append(((key,), child))
    return found


def _faults(node: Mapping[str, object], path: Path) -> Iterator[Violation]:
    for key in _FOREIGN & node.keys():
        yield Violation(path=(*path, key), message=f"{key} is not allowed.")
    if path and "$id" in node:
        yield Violation(path=(*path, "$id"), message="$id is allowed at the root only.")
    reference = node.get("$ref", "#")
    if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
        yield Violation(path=(*path, "$ref"), message="A reference must stay in this schema: #/….")
    pattern = node.get("pattern")
    if isinstance(pattern, str) and len(pattern) > _MAX_PATTERN:
        yield Violation(path=(*path, "pattern"), message=f"A regex has at most {_MAX_PATTERN} characters.")
    patterns = node.get("patternProperties")
    for name in patterns if isinstance(patterns, Mapping) else ():
        if len(name) > _MAX_PATTERN:
            where = (*path, "patternProperties", name[:20])
            yield Violation(path=where, message=f"A regex has at most {_MAX_PATTERN} characters.")


def _references(schema: Schema, nodes: list[tuple[Mapping[str, object], Path]]) -> Iterator[Violation]:
    known = {id(node) for node, _ in nodes}
    for node, path in nodes:
        target = _target(schema, node) if "$ref" in node else True
        if not isinstance(target, bool) and id(target) not in known:
            yield Violation(path=(*path, "$ref"), message="The reference does not point at a schema.")
            return
    if _expansion(schema, schema, {}, 0) > _MAX_EXPANSION:
        # References can grow exponentially: a schema of a kilobyte can take minutes at each call.
        yield Violation(path=(), message="The schema's references expand too far; use fewer.")


def _expansion(schema: Schema, node: object, seen: dict[int, int], depth: int) -> int:
    """The number of sub-schemas that one evaluation may visit, memoised; a recursive reference counts once."""
    if not isinstance(node, Mapping | list):
        return 0
    if depth > 4 * _MAX_DEPTH:
        return _MAX_EXPANSION + 1
    if id(node) in seen:
        return seen[id(node)]
    seen[id(node)] = 1
    total = 1
    for child in _reached(schema, node):
        total += _expansion(schema, child, seen, depth + 1)
    seen[id(node)] = min(total, _MAX_EXPANSION + 1)
    return seen[id(node)]


def _reached(schema: Schema, node: object) -> list[object]:
    children = [child for path, child in _children(node) if path[0] not in ("$defs", "definitions")]
    if isinstance(node, Mapping) and "$ref" in node:
        children.append(_target(schema, node))
    return children


def _target(schema: Schema, node: Mapping[str, object]) -> object | None:
    return resolve(schema, unquote(str(node["$ref"])))
