"""The cost of a schema: an upper limit for the work that one evaluation of a value can take.

A unit is about 10 nanoseconds of CPU, and at most 20 bytes of memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from proxy.inputs.regexes import regex_size
from proxy.inputs.simple import Schema
from proxy.inputs.tree import reached_from, regexes_of

#: Up to this cost a value is evaluated at once: 5 milliseconds, 10 MB.
_LIGHT: Final = 300_000
#: The largest schema that is compiled in the process that serves.
_MOST_NODES: Final = 2_000
_LARGEST_REGEXES: Final = 200_000
_BYTES_PER_NODE: Final = 1_000
#: Listing faults takes up to 10 milliseconds and 10 MB.
_LIGHT_LIST: Final = 10_000_000
_NANOSECONDS_PER_FAULT: Final = 5_000
_NANOSECONDS_PER_COPIED_BYTE: Final = 50
_BYTES_PER_MEMBER: Final = 2
#: Keywords whose value is a list that an evaluation may search as a whole.
_LISTS: Final = ("enum", "const", "required", "dependentRequired", "type")
#: Keywords with schemas for any number of members of the value.
_REPEATED: Final = frozenset({"items", "additionalProperties", "patternProperties", "propertyNames", "contains"})
_NESTING: Final = frozenset({"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"})
#: Keywords that evaluate other keywords once more: nested, they double the work at each level.
_REEVALUATED: Final = frozenset({"unevaluatedProperties", "unevaluatedItems"})
_PER_BYTE: Final = {"uniqueItems": 20, "minLength": 1, "maxLength": 1, "format": 1}
_PER_NUMBER: Final = {"multipleOf": 500}
_REGEX_BYTES_PER_UNIT: Final = 700


@dataclass(frozen=True, slots=True)
class Cost:
    """Units for any value (`fixed`) and for each byte of its JSON, at a nesting of combined schemas.

    `repeated`: assertions that may fail for each member of the value; of the others, `fixed` is an upper limit.

    `bounded` is False for a schema whose cost is not known before it is evaluated: with recursion, `unevaluated…`,
    or too large to be compiled beside other work. `memory`: about the bytes of its compiled form.
    """

    fixed: int
    per_byte: int
    nesting: int
    bounded: bool
    memory: int
    repeated: int = 0

    UNKNOWN: ClassVar[Cost]

    def is_light(self, size: int) -> bool:
        """Whether a value of `size` bytes of JSON can be evaluated at once."""
        return self.bounded and self.nesting * (self.fixed + self.per_byte * size) <= _LIGHT

    def lists_at_once(self, size: int) -> bool:
        """Whether its faults can be listed at once, too: all of them are made, each with a copy of its value."""
        faults = self.nesting * (self.fixed + self.repeated * size // _BYTES_PER_MEMBER)
        return faults * (_NANOSECONDS_PER_FAULT + _NANOSECONDS_PER_COPIED_BYTE * size) <= _LIGHT_LIST


Cost.UNKNOWN = Cost(fixed=0, per_byte=0, nesting=0, bounded=False, memory=0)


def cost_of(schema: Schema) -> Cost:
    """The cost of a schema that `walk` has accepted."""
    reckoning = _Reckoning(schema)
    part = reckoning.part(schema)
    return Cost(
        fixed=part.fixed,
        per_byte=part.per_byte + 1,
        nesting=part.nesting + 1,
        bounded=reckoning.bounded and reckoning.nodes <= _MOST_NODES and reckoning.regexes <= _LARGEST_REGEXES,
        memory=_BYTES_PER_NODE * reckoning.nodes + reckoning.regexes,
        repeated=part.repeated,
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """The cost of a sub-schema for one member of the value, with the schemas that it refers to."""

    fixed: int = 0
    per_byte: int = 0
    repeated: int = 0
    nesting: int = 0


class _Reckoning:
    """Adds up a schema: each sub-schema once, and each reference to it as often as it is used."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._known: dict[int, _Part | None] = {}
        self.bounded = True
        self.nodes = 0
        self.regexes = 0

    def part(self, node: object) -> _Part:
        """The cost of a sub-schema. `bounded` becomes False where a sub-schema contains itself."""
        if not isinstance(node, Mapping | list):
            return _Part()
        if id(node) in self._known:
            known = self._known[id(node)]
            self.bounded = self.bounded and known is not None
            return known or _Part()
        self._known[id(node)] = None
        self.nodes += 1
        self._known[id(node)] = found = self._sum(node)
        return found

    def _sum(self, node: Mapping[str, object] | list[object]) -> _Part:
        fixed, per_byte = self._own(node) if isinstance(node, Mapping) else (0, 0)
        repeated = nesting = 0
        for path, child in reached_from(self._schema, node):
            inner = self.part(child)
            if path[0] in _REPEATED:
                per_byte += inner.fixed + inner.per_byte
                repeated += inner.fixed + inner.repeated
            else:
                fixed, per_byte = fixed + inner.fixed, per_byte + inner.per_byte
                repeated += inner.repeated
            nesting = max(nesting, inner.nesting + (path[0] in _NESTING))
        return _Part(fixed, per_byte, repeated, nesting)

    def _own(self, node: Mapping[str, object]) -> tuple[int, int]:
        fixed = len(node) + sum(_extent(node[key]) for key in _LISTS if key in node)
        fixed += sum(cost for key, cost in _PER_NUMBER.items() if key in node)
        per_byte = sum(cost for key, cost in _PER_BYTE.items() if key in node)
        per_byte += bool(_REPEATED & node.keys())
        for _, regex in regexes_of(node):
            size = regex_size(regex) or 0
            self.regexes += size
            per_byte += 1 + size // _REGEX_BYTES_PER_UNIT
        if _REEVALUATED & node.keys():
            self.bounded = False
        return fixed, per_byte


def _extent(value: object) -> int:
    """The number of values inside a list or object, and one for each 16 characters of text."""
    pending, extent = [value], 0
    while pending:
        one = pending.pop()
        extent += 1 + (len(one) // 16 if isinstance(one, str) else 0)
        if isinstance(one, Mapping):
            pending += one.values()
        elif isinstance(one, list):
            pending += one
    return extent
