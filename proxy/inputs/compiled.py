"""Compiled capabilities: a declaration is read once, then each call binds values to a request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from models.errors import InvalidInput, Path, Violation
from models.vocabulary import (
    ArrayFormat,
    BodyFormat,
    CapabilityEffect,
    HttpMethod,
    InputLocation,
    InputType,
)
from proxy.address import Slot, parse_endpoint, template_names
from proxy.headers import check_value
from proxy.inputs.admissible import TOO_LONG_INTEGER, objections
from proxy.inputs.apart import Apart
from proxy.inputs.bodies import BodyShape, EncodedBody
from proxy.inputs.coerce import Coerce, coercion_of, to_text
from proxy.inputs.files import File, read_file
from proxy.inputs.pairs import Budget, Lists, Pair, query_pairs
from proxy.inputs.simple import (
    Schema,
    array_format_of,
    default_location,
    gives_files,
    location_of,
    properties_of,
    type_of,
)
from proxy.inputs.validate import Validator

Values = Mapping[str, object]
_JSON_BODY = BodyShape()


@dataclass(slots=True)
class Bound:
    """Values by place; path values are not yet encoded. `body`: None if no input belongs to the body."""

    path: dict[str, str] = field(default_factory=dict)
    query: list[Pair] = field(default_factory=list)
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: dict[str, object] | None = None
    shape: BodyShape = _JSON_BODY

    def encoded(self, path: Path = ("inputs",)) -> EncodedBody | None:
        """The bytes of the body; None if there is none. Raises InvalidInput below `path` for one that cannot be."""
        return None if self.body is None else self.shape.encode(self.body, path)

    def shown(self, path: Path = ("inputs",)) -> object:
        """The body for people. Raises InvalidInput below `path`."""
        return None if self.body is None else self.shape.show(self.body, path)

    def files(self) -> Iterator[tuple[str, int | None, File]]:
        """The files of the body: the input of each, and its place in a list."""
        for name in self.shape.files & (self.body or {}).keys():
            value = (self.body or {})[name]
            for index, file in enumerate(value if isinstance(value, list) else [value]):
                if isinstance(file, File):
                    yield name, index if isinstance(value, list) else None, file

    def put(self, name: str, index: int | None, file: File) -> None:
        """Put a file that has been read in the place of one that `files` gave."""
        body = self.body or {}
        value = body[name]
        if isinstance(value, list) and index is not None:
            value[index] = file
        else:
            body[name] = file

    def identity(self) -> list[object]:
        """The values as a digest of the input reads them: files by their digests."""
        body: object = self.body
        if self.body is not None and self.shape.files:
            body = {name: _identity(value) for name, value in self.body.items()}
        return [self.path, self.query, self.headers, body]


@dataclass(frozen=True, kw_only=True, slots=True)
class CompiledCapability:
    """`places`: the place of each declared input. `elsewhere`: the place of undeclared ones."""

    method: HttpMethod
    effect: CapabilityEffect
    url_parts: tuple[str | Slot, ...]
    places: Mapping[str, InputLocation]
    elsewhere: InputLocation
    has_body: bool
    shape: BodyShape
    lists: Lists
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
        bound, budget = Bound(body={} if self.has_body else None, shape=self.shape), Budget()
        for name, value in values.items():
            match self.places.get(name, self.elsewhere):
                case InputLocation.PATH:
                    bound.path[name] = _segment(value, (*path, name))
                case InputLocation.QUERY:
                    bound.query += query_pairs(name, value, self.lists.of(name), (*path, name), budget)
                case InputLocation.HEADER:
                    bound.headers += _header(name, value, (*path, name))
                case InputLocation.BODY:
                    bound.body = bound.body or {}
                    bound.body[name] = value
        self._require_path(bound, path)
        if bound.body and self.shape is not _JSON_BODY:
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


def compile_capability(
    *,
    method: HttpMethod,
    effect: CapabilityEffect,
    endpoint: str,
    schema: Schema,
    timeout_seconds: float,
    body_format: BodyFormat = BodyFormat.JSON,
    array_format: ArrayFormat = ArrayFormat.REPEAT,
) -> CompiledCapability:
    """Compile a declaration. `check_endpoint` and `check_schema` must have accepted it."""
    declared = properties_of(schema)
    in_path = frozenset(template_names(endpoint))
    places = {name: location_of(name, found, method, in_path) for name, found in declared.items()}
    elsewhere = InputLocation.QUERY if body_format is BodyFormat.RAW else default_location(method)
    takes_unknown = schema.get("additionalProperties", True) is not False
    in_body = InputLocation.BODY in {*places.values(), *([elsewhere] if takes_unknown else [])}
    by_name = {name: own for name, found in declared.items() if (own := array_format_of(found)) is not None}
    lists = Lists(otherwise=array_format, by_name=by_name)
    return CompiledCapability(
        method=method,
        effect=effect,
        url_parts=parse_endpoint(endpoint),
        places=places,
        elsewhere=elsewhere,
        has_body=in_body and body_format is not BodyFormat.RAW,
        shape=shape_of(body_format, lists, declared),
        lists=lists,
        coerce={name: coercion_of(schema, found) for name, found in declared.items()},
        integers=tuple(name for name, found in declared.items() if type_of(schema, found) is InputType.INTEGER),
        defaults={name: found["default"] for name, found in declared.items() if "default" in found},
        validator=Validator.of(schema),
        timeout_seconds=timeout_seconds,
    )


def shape_of(body_format: BodyFormat, lists: Lists, declared: Mapping[str, Schema]) -> BodyShape:
    """The form of a body with these inputs."""
    if body_format is BodyFormat.JSON:
        return _JSON_BODY
    media = {name: str(found["contentMediaType"]) for name, found in declared.items() if "contentMediaType" in found}
    files = frozenset(name for name, found in declared.items() if gives_files(found))
    return BodyShape(format=body_format, lists=lists, media=media, files=files)


def _files(value: object, path: Path) -> object:
    if isinstance(value, list):
        return [read_file(one, (*path, str(index))) for index, one in enumerate(value) if one is not None]
    return None if value is None else read_file(value, path)


def _identity(value: object) -> object:
    if isinstance(value, list):
        return [_identity(one) for one in value]
    return value.identity() if isinstance(value, File) else value


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
