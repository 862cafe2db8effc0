"""The static rules for a schema: forbidden keywords, limits of size, regexes, the expansion of references."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

import orjson

from models.errors import Path, Violation
from proxy.inputs.regexes import LARGEST_REGEX, regex_objection, regex_size
from proxy.inputs.simple import Schema
from proxy.inputs.tree import nodes_of, reached_from, regexes_of, target_of

_MOST_BYTES: Final = 256 * 1024
_MOST_NODES: Final = 5_000
_DEEPEST: Final = 64
_LARGEST_EXPANSION: Final = 20_000
_MOST_FAULTS: Final = 200
_SMALLEST_STEP, _LARGEST_STEP = 1e-15, 1e15
_FOREIGN: Final = frozenset({"$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor"})

Nodes = list[tuple[Mapping[str, object], Path]]


def walk(schema: Schema) -> list[Violation]:
    """Faults of all sub-schemas in order, at most 200; those of references only if there are no others."""
    if len(orjson.dumps(schema)) > _MOST_BYTES:
        return [Violation(path=(), message=f"A schema has at most {_MOST_BYTES} bytes of JSON.")]
    nodes: Nodes = []
    found = list(islice(_faults(schema, nodes), _MOST_FAULTS))
    return found or list(_references(schema, nodes))


def _faults(schema: Schema, nodes: Nodes) -> Iterator[Violation]:
    """Fill `nodes` with the sub-schemas, and judge each by itself."""
    regexes = 0
    for node, path in nodes_of(schema):
        nodes.append((node, path))
        if len(nodes) > _MOST_NODES or len(path) > _DEEPEST:
            yield Violation(path=path[:8], message="The schema is too large or too deep.")
            return
        yield from _of_keywords(node, path)
        for place, regex in regexes_of(node):
            if objection := regex_objection(regex):
                yield Violation(path=(*path, *place), message=objection)
            regexes += regex_size(regex) or 0
            if regexes > LARGEST_REGEX:
                message = "The schema's regexes are too many or too large together; use fewer or simpler ones."
                yield Violation(path=(*path, *place), message=message)
                return


def _of_keywords(node: Mapping[str, object], path: Path) -> Iterator[Violation]:
    for key in _FOREIGN & node.keys():
        yield Violation(path=(*path, key), message=f"{key} is not allowed.")
    if path and "$id" in node:
        yield Violation(path=(*path, "$id"), message="$id is allowed at the root only.")
    reference = node.get("$ref", "#")
    if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
        yield Violation(path=(*path, "$ref"), message="A reference must stay in this schema: #/….")
    step = node.get("multipleOf")
    if isinstance(step, int | float) and not _SMALLEST_STEP <= step <= _LARGEST_STEP:
        # The arithmetic is exact: its cost grows with the exponent.
        message = f"It must be from {_SMALLEST_STEP:.0e} to {_LARGEST_STEP:.0e}."
        yield Violation(path=(*path, "multipleOf"), message=message)


def _references(schema: Schema, nodes: Nodes) -> Iterator[Violation]:
    known = {id(node) for node, _ in nodes}
    for node, path in nodes:
        target = target_of(schema, node) if "$ref" in node else True
        if not isinstance(target, bool) and id(target) not in known:
            yield Violation(path=(*path, "$ref"), message="The reference does not point at a schema.")
            return
    if _expansion(schema, schema, {}, 0) > _LARGEST_EXPANSION:
        # References can grow exponentially: a schema of a kilobyte can take minutes at each call.
        yield Violation(path=(), message="The schema's references expand too far; use fewer.")


def _expansion(schema: Schema, node: object, seen: dict[int, int], depth: int) -> int:
    """The number of sub-schemas that one evaluation may visit, memoised; a recursive reference counts once."""
    if not isinstance(node, Mapping | list):
        return 0
    if depth > 4 * _DEEPEST:
        return _LARGEST_EXPANSION + 1
    if id(node) in seen:
        return seen[id(node)]
    seen[id(node)] = 1
    total = 1
    for _, child in reached_from(schema, node):
        total += _expansion(schema, child, seen, depth + 1)
    seen[id(node)] = min(total, _LARGEST_EXPANSION + 1)
    return seen[id(node)]
