"""Simple inputs: the top-level properties of a capability's schema, as dialects and forms use them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.errors import InvalidInput
from models.vocabulary import ArrayFormat, HttpMethod, InputLocation, InputType
from proxy.address import template_names

Schema = Mapping[str, object]
_INDEX = re.compile(r"0|[1-9][0-9]{0,9}")  # RFC 6901 §4


@dataclass(frozen=True, kw_only=True, slots=True)
class SimpleInput:
    """One input. `location` None: decided by endpoint and method. `default` None: no default."""

    name: str
    type: InputType = InputType.STRING
    required: bool = False
    location: InputLocation | None = None
    description: str | None = None
    default: object = None
    options: tuple[object, ...] = ()


def schema_of_simple_inputs(inputs: Sequence[SimpleInput], allow_unknown: bool) -> dict[str, object]:
    """The schema to store. Raises InvalidInput at `inputs`, index, `name` for a repeated name."""
    properties: dict[str, object] = {}
    for index, declared in enumerate(inputs):
        if declared.name in properties:
            raise InvalidInput.at(("inputs", str(index), "name"), "This input is declared twice.")
        properties[declared.name] = _property(declared)
    schema: dict[str, object] = {"type": "object", "additionalProperties": allow_unknown}
    required = [declared.name for declared in inputs if declared.required]
    if required:
        schema["required"] = required
    schema["properties"] = properties
    return schema


def simple_inputs_of(schema: Schema, method: HttpMethod, endpoint: str) -> tuple[SimpleInput, ...]:
    """The top-level properties in their order, each with the place of its value."""
    required = _names(schema.get("required"))
    in_path = frozenset(template_names(endpoint))
    return tuple(
        SimpleInput(
            name=name,
            type=type_of(schema, declared),
            required=name in required,
            location=location_of(name, declared, method, in_path),
            description=_text(declared.get("description")),
            default=declared.get("default"),
            options=_options(declared),
        )
        for name, declared in properties_of(schema).items()
    )


def properties_of(schema: Schema) -> dict[str, Schema]:
    """The declared inputs with their schemas; the schema `true` is returned as `{}`."""
    declared = schema.get("properties")
    if not isinstance(declared, Mapping):
        return {}
    return {name: found if isinstance(found, Mapping) else {} for name, found in declared.items()}


def location_of(
    name: str, declared: Schema, method: HttpMethod, in_path: frozenset[str] = frozenset()
) -> InputLocation:
    """The place of a value: `x-in`, else the endpoint's template, else by the method."""
    given = declared.get("x-in")
    if isinstance(given, str) and given.upper() in InputLocation.__members__:
        return InputLocation[given.upper()]
    return InputLocation.PATH if name in in_path else default_location(method)


def default_location(method: HttpMethod) -> InputLocation:
    """The place of inputs without `x-in` and of undeclared ones."""
    bodiless = method in (HttpMethod.GET, HttpMethod.HEAD, HttpMethod.DELETE)
    return InputLocation.QUERY if bodiless else InputLocation.BODY


def array_format_of(declared: Schema) -> ArrayFormat | None:
    """How the lists of an input are written by its own `x-array-format`; None for as its capability says."""
    given = declared.get("x-array-format")
    return ArrayFormat[given.upper()] if isinstance(given, str) and given.upper() in ArrayFormat.__members__ else None


def gives_files(declared: Schema) -> bool:
    """Whether the value of an input is a file, or a list of files: `x-file` at it or at its items."""
    items = declared.get("items")
    return declared.get("x-file") is True or (isinstance(items, Mapping) and items.get("x-file") is True)


def type_of(schema: Schema, declared: Schema) -> InputType:
    """The type of a property besides null, after following local references; ANY if there is not exactly one."""
    if declared.get("x-file") is True:
        return InputType.FILE
    declared = followed(schema, declared)
    kinds = declared.get("type")
    named = [kinds] if isinstance(kinds, str) else [kind for kind in _names(kinds) if kind != "null"]
    word = named[0].upper() if len(named) == 1 else ""
    return InputType[word] if word in InputType.__members__ else InputType.ANY


def followed(schema: Schema, declared: Schema) -> Schema:
    """The schema that a local reference leads to; itself if it has none, or a type of its own."""
    for _ in range(8):
        reference = declared.get("$ref")
        target = resolve(schema, reference) if isinstance(reference, str) else None
        if not isinstance(target, Mapping) or "type" in declared:
            break
        declared = target
    return declared


def item_type_of(schema: Schema, declared: Schema) -> InputType:
    """The type of a list's members; ANY if there is not exactly one."""
    items = declared.get("items")
    return type_of(schema, items) if isinstance(items, Mapping) else InputType.ANY


def resolve(schema: object, reference: str) -> object | None:
    """The target of a local reference (`#/…`, RFC 6901), or None."""
    found: object | None = schema
    for token in reference.removeprefix("#").split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        if isinstance(found, Mapping):
            found = found.get(key)
        elif isinstance(found, list) and _INDEX.fullmatch(key) and int(key) < len(found):
            found = found[int(key)]
        else:
            return None
    return found


def _property(declared: SimpleInput) -> dict[str, object]:
    made: dict[str, object] = {}
    if declared.type is InputType.FILE:
        made["x-file"] = True
    elif declared.type is not InputType.ANY:
        made["type"] = declared.type.lower()
    if declared.description is not None:
        made["description"] = declared.description
    if declared.options:
        made["enum"] = list(declared.options)
    if declared.default is not None:
        made["default"] = declared.default
    if declared.location is not None:
        made["x-in"] = declared.location.lower()
    return made


def _names(value: object) -> list[str]:
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []


def _options(declared: Schema) -> tuple[object, ...]:
    options = declared.get("enum")
    return tuple(options) if isinstance(options, list) else ()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
