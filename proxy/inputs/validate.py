"""Validation of values by a declared schema, in bounded time and memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import orjson
from jsonschema_rs import Draft202012Validator, ValidationError

from models.errors import Path, Violation
from proxy.inputs.apart import Apart
from proxy.inputs.child import Fault, compile_schema, cut, faults_of
from proxy.inputs.cost import Cost, cost_of
from proxy.inputs.exact import write_json
from proxy.inputs.regexes import LINEAR
from proxy.inputs.simple import Schema
from proxy.inputs.walk import walk

_LARGE_BYTES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Validator:
    """A stored schema that is ready to judge values.

    `compiled` is None if the schema is evaluated only apart. `unsound` is the fault of a schema that was stored under
    earlier rules: no value fits it.
    """

    cost: Cost
    source: bytes
    compiled: Draft202012Validator | None
    unsound: Violation | None

    @classmethod
    def of(cls, schema: Schema) -> Validator:
        """The validator of a schema. A faulty schema is no error here: it is the fault of every value."""
        unsound = next(iter(walk(schema)), None)
        cost = cost_of(schema) if unsound is None else Cost.UNKNOWN
        compiled = None
        if cost.bounded:
            try:
                compiled = compile_schema(dict(schema), LINEAR)
            except ValidationError as error:
                unsound = violation_of(error)
        return cls(cost=cost, source=orjson.dumps(schema), compiled=compiled, unsound=unsound)

    @property
    def memory(self) -> int:
        """About the bytes that it takes."""
        return 10 * len(self.source) + (self.cost.memory if self.compiled else 0)

    async def violations(self, apart: Apart, value: object, path: Path, *, lane: str) -> list[Violation]:
        """The violations of a value, at most 20; empty if it is valid.

        A value that cannot be judged within the limits of `apart` has one violation, which says so. `lane` is the
        organization. Raises TooMany if too many of its values wait to be judged apart.
        """
        found = self.at_once(value, path)
        if found is None:
            found = _below(path, await apart.faults(self.source, write_json(value), lane=lane))
        return found

    def at_once(self, value: object, path: Path) -> list[Violation] | None:
        """As `violations`, in this process; None if the value is too costly for that."""
        if self.unsound is not None:
            place = ".".join(self.unsound.path)
            message = f"The declared schema cannot be used; its author must correct it at {place}."
            return [Violation(path=path, message=f"{message} {self.unsound.message}")]
        size = len(write_json(value))
        if self.compiled is None or not self.cost.is_light(size):
            return None
        if self.compiled.is_valid(value):
            return []
        return _below(path, faults_of(self.compiled, value)) if self.cost.lists_at_once(size) else None


def takes_long(schema: Schema) -> bool:
    """Whether to make a validator in a thread: it takes up to 100 milliseconds."""
    return len(orjson.dumps(schema)) > _LARGE_BYTES


def violation_of(error: ValidationError) -> Violation:
    """The fault of a schema that does not compile."""
    return Violation(path=tuple(map(str, error.instance_path)), message=f"{cut(error.message)}.")


def _below(path: Path, faults: Iterable[Fault]) -> list[Violation]:
    return [Violation(path=(*path, *place), message=message) for place, message in faults]
