"""Compiled capabilities: a declaration is read once, then each call binds values to a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from models.errors import InvalidInput, Path, Violation
from models.vocabulary import CapabilityEffect, HttpMethod, InputLocation, InputType
from proxy.address import Slot, parse_endpoint, template_names
from proxy.headers import check_value
from proxy.inputs.admissible import TOO_LONG_INTEGER, objections
from proxy.inputs.apart import Apart
from proxy.inputs.coerce import Coerce, coercion_of, to_text
from proxy.inputs.simple import Schema, default_location, location_of, properties_of, type_of
from proxy.inputs.validate import Validator

Values = Mapping[str, object]


@dataclass(slots=True)
class Bound:
    """Values by place; path values are not yet encoded. `body`: None if no input belongs to the body."""

    path: dict[str, str] = field(default_factory=dict)
    query: list[tuple[str, str]] = field(default_factory=list)
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: dict[str, object] | None = None

    def body_bytes(self) -> bytes | None:
        """The body, serialised to JSON from the values."""
        return None if self.body is None else orjson.dumps(self.body)


@dataclass(frozen=True, kw_only=True, slots=True)
class CompiledCapability:
    """`places`: the place of each declared input. `elsewhere`: the place of undeclared ones."""

    method: HttpMethod
    effect: CapabilityEffect
    url_parts: tuple[str | Slot, ...]
    places: Mapping[str, InputLocation]
    elsewhere: InputLocation
    has_body: bool
    coerce: Mapping[str, Coerce]
    integers: tuple[str, ...]
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
            values = self._read(values, path, faults)
        unsound = objections(values, path)
        if unsound:  # a validator cannot handle such values
            raise InvalidInput([*faults, *unsound])
        faults += self._imprecise(values, path)
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

    def _imprecise(self, values: Values, path: Path) -> list[Violation]:
        """Violations for floats that a JSON parser made of integers beyond 64 bits."""
        return [
            Violation(path=(*path, name), message=TOO_LONG_INTEGER)
            for name in self.integers
            if isinstance(value := values.get(name), float) and abs(value) >= 2**63
        ]

    def _place(self, values: Values, path: Path) -> Bound:
        bound = Bound(body={} if self.has_body else None)
        for name, value in values.items():
            match self.places.get(name, self.elsewhere):
                case InputLocation.PATH:
                    bound.path[name] = _segment(value, (*path, name))
                case InputLocation.QUERY:
                    bound.query += _pairs(name, value)
                case InputLocation.HEADER:
                    bound.headers += _header(name, value, (*path, name))
                case InputLocation.BODY:
                    bound.body = bound.body or {}
                    bound.body[name] = value
        self._require_path(bound, path)
        return bound

    def _require_path(self, bound: Bound, path: Path) -> None:
        missing = [part.name for part in self.url_parts if isinstance(part, Slot) and part.name not in bound.path]
        if missing:
            message = "It is required: it is part of the address."
            raise InvalidInput([Violation(path=(*path, name), message=message) for name in missing])


def compile_capability(
    *, method: HttpMethod, effect: CapabilityEffect, endpoint: str, schema: Schema, timeout_seconds: float
) -> CompiledCapability:
    """Compile a declaration. `check_endpoint` and `check_schema` must have accepted it."""
    declared = properties_of(schema)
    in_path = frozenset(template_names(endpoint))
    places = {name: location_of(name, found, method, in_path) for name, found in declared.items()}
    elsewhere = default_location(method)
    takes_unknown = schema.get("additionalProperties", True) is not False
    return CompiledCapability(
        method=method,
        effect=effect,
        url_parts=parse_endpoint(endpoint),
        places=places,
        elsewhere=elsewhere,
        has_body=InputLocation.BODY in {*places.values(), *([elsewhere] if takes_unknown else [])},
        coerce={name: coercion_of(schema, found) for name, found in declared.items()},
        integers=tuple(name for name, found in declared.items() if type_of(schema, found) is InputType.INTEGER),
        defaults={name: found["default"] for name, found in declared.items() if "default" in found},
        validator=Validator.of(schema),
        timeout_seconds=timeout_seconds,
    )


def _segment(value: object, path: Path) -> str:
    if value is None or isinstance(value, dict | list):
        raise InvalidInput.at(path, "It is part of the address, so it must be text, a number or a boolean.")
    return to_text(value)


def _pairs(name: str, value: object) -> list[tuple[str, str]]:
    if isinstance(value, list):
        return [(name, to_text(member)) for member in value]
    return [] if value is None else [(name, to_text(value))]


def _header(name: str, value: object, path: Path) -> list[tuple[str, str]]:
    if value is None:
        return []
    text = to_text(value)
    objection = check_value(text)
    if objection:
        raise InvalidInput.at(path, objection)
    return [(name, text)]
