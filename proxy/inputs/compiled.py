"""Compiled capabilities: a declaration is read once, then each call binds values to a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.errors import InvalidInput, Path, Violation
from models.vocabulary import BodyFormat, CapabilityEffect, HttpMethod, InputLocation
from proxy.address import Slot
from proxy.headers import check_value
from proxy.inputs.admissible import TOO_LONG_INTEGER, objections
from proxy.inputs.apart import Apart
from proxy.inputs.bodies import JSON_BODY, BodyShape
from proxy.inputs.bound import Bound
from proxy.inputs.coerce import Coerce, to_text
from proxy.inputs.files import read_file
from proxy.inputs.members import gathered
from proxy.inputs.pairs import Budget, Lists, list_pairs
from proxy.inputs.validate import Validator
from proxy.inputs.whole import Whole

Values = Mapping[str, object]


@dataclass(frozen=True, kw_only=True, slots=True)
class CompiledCapability:
    """`places`: the place of each declared input. `elsewhere`: the place of undeclared ones.

    `arrays`: the declared lists. `wholes`: inputs that are or hold integers.
    """

    method: HttpMethod
    effect: CapabilityEffect
    url_parts: tuple[str | Slot, ...]
    places: Mapping[str, InputLocation]
    elsewhere: InputLocation
    has_body: bool
    shape: BodyShape
    lists: Lists
    coerce: Mapping[str, Coerce]
    arrays: frozenset[str]
    integers: tuple[str, ...]
    wholes: Mapping[str, Whole]
    defaults: Mapping[str, object]
    validator: Validator
    timeout_seconds: float

    async def bind(
        self, values: object, apart: Apart, *, lane: str, from_text: bool = False, path: Path = ("inputs",)
    ) -> Bound:
        """Fill in defaults, validate, and put every value into its place.

        `from_text`: values are text or lists of text, read by the declared types. `lane`: the organization, in whose
        turn costly values are judged `apart`. Raises InvalidInput with every fault, each at `path` and the input's
        name; TooMany if too many values wait for their turn.
        """
        if not isinstance(values, dict):
            raise InvalidInput.at(path, "The inputs must be a JSON object.")
        faults: list[Violation] = []
        if from_text:
            values = self._read(gathered(values, self.arrays, self.coerce, path, faults), path, faults)
        unsound = objections(values, path)
        if unsound:  # a validator cannot handle such values
            raise InvalidInput([*faults, *unsound])
        values = self._exact(values, path, faults)
        if self.defaults:
            values = {**self.defaults, **values}
        faulty = {fault.path[: len(path) + 1] for fault in faults}
        found = await self.validator.violations(apart, values, path, lane=lane)
        faults += [fault for fault in found if fault.path[: len(path) + 1] not in faulty]
        if faults:
            raise InvalidInput(faults)
        return self._place(values, path)

    def _read(self, values: Values, path: Path, faults: list[Violation]) -> dict[str, object]:
        read: dict[str, object] = {}
        for name, text in values.items():
            coerce = self.coerce.get(name)
            read[name] = text
            if coerce is None or not isinstance(text, str | list):
                continue
            try:
                read[name] = coerce(text)
            except ValueError as error:
                faults.append(Violation(path=(*path, name), message=str(error)))
        return read

    def _exact(self, values: dict[str, object], path: Path, faults: list[Violation]) -> dict[str, object]:
        """The values, with `7.0` of an integer as 7: many services refuse the other form.

        Adds faults for floats that a JSON parser made of integers beyond 64 bits.
        """
        exact: dict[str, object] = {}
        faults += [
            Violation(path=(*path, name), message=TOO_LONG_INTEGER)
            for name in self.integers
            if isinstance(value := values.get(name), float) and abs(value) >= 2**63
        ]
        for name, inner in self.wholes.items():
            if name in values:
                exact[name] = inner(values[name])
        return {**values, **exact} if exact else values

    def _place(self, values: Values, path: Path) -> Bound:
        bound, budget = Bound(body={} if self.has_body else None, shape=self.shape), None
        for name, value in values.items():
            match self.places.get(name, self.elsewhere):
                case InputLocation.PATH:
                    bound.path[name] = _segment(value, (*path, name))
                case InputLocation.QUERY if isinstance(value, list):
                    budget = budget or Budget()
                    bound.query += list_pairs(name, value, self.lists.of(name), (*path, name), budget)
                case InputLocation.QUERY:
                    if value is not None:
                        bound.query.append((name, to_text(value)))
                case InputLocation.HEADER:
                    bound.headers += _header(name, value, (*path, name))
                case InputLocation.BODY:
                    bound.body = bound.body or {}
                    bound.body[name] = value
        self._require_path(bound, path)
        if bound.body and self.shape is not JSON_BODY:
            bound.body = self._shaped(bound.body, path)
        return bound

    def _shaped(self, body: Values, path: Path) -> dict[str, object] | None:
        """The body with its files read. RAW without a value is no body."""
        if self.shape.format is BodyFormat.RAW and None in body.values():
            return None
        return {
            name: _files(value, (*path, name)) if name in self.shape.files else value for name, value in body.items()
        }

    def _require_path(self, bound: Bound, path: Path) -> None:
        missing = [part.name for part in self.url_parts if isinstance(part, Slot) and part.name not in bound.path]
        if missing:
            message = "It is required: it is part of the address."
            raise InvalidInput([Violation(path=(*path, name), message=message) for name in missing])


def _files(value: object, path: Path) -> object:
    if isinstance(value, list):
        return [read_file(one, (*path, str(index))) for index, one in enumerate(value) if one is not None]
    return None if value is None else read_file(value, path)


def _segment(value: object, path: Path) -> str:
    if value is None or isinstance(value, dict | list):
        raise InvalidInput.at(path, "It is part of the address, so it must be text, a number or a boolean.")
    return to_text(value)


def _header(name: str, value: object, path: Path) -> list[tuple[str, str]]:
    if value is None:
        return []
    text = to_text(value)
    objection = check_value(text)
    if objection:
        raise InvalidInput.at(path, objection)
    return [(name, text)]
