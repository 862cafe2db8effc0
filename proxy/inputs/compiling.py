"""Compilation of a declared capability."""

from __future__ import annotations

from collections.abc import Mapping

from models.vocabulary import ArrayFormat, BodyFormat, CapabilityEffect, HttpMethod, InputLocation, InputType
from proxy.address import parse_endpoint, template_names
from proxy.inputs.bodies import JSON_BODY, BodyShape
from proxy.inputs.coerce import coercion_of
from proxy.inputs.compiled import CompiledCapability
from proxy.inputs.pairs import Lists
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
from proxy.inputs.whole import Whole, whole_of


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
    types = {name: type_of(schema, found) for name, found in declared.items()}
    wholes = {name: made for name, found in declared.items() if (made := whole_of(schema, found)) is not None}
    lists = _lists(array_format, declared)
    return CompiledCapability(
        method=method,
        effect=effect,
        url_parts=parse_endpoint(endpoint),
        places=places,
        elsewhere=elsewhere,
        has_body=in_body and body_format is not BodyFormat.RAW,
        shape=_shape(body_format, lists, declared),
        lists=lists,
        coerce={name: coercion_of(schema, found) for name, found in declared.items()},
        arrays=frozenset(name for name, kind in types.items() if kind is InputType.ARRAY),
        integers=tuple(name for name, kind in types.items() if kind is InputType.INTEGER),
        wholes=wholes,
        defaults={name: _default(found, wholes.get(name)) for name, found in declared.items() if "default" in found},
        validator=Validator.of(schema),
        timeout_seconds=timeout_seconds,
    )


def _default(declared: Schema, made_whole: Whole | None) -> object:
    return declared["default"] if made_whole is None else made_whole(declared["default"])


def _lists(array_format: ArrayFormat, declared: Mapping[str, Schema]) -> Lists:
    by_name = {name: own for name, found in declared.items() if (own := array_format_of(found)) is not None}
    return Lists(otherwise=array_format, by_name=by_name)


def _shape(body_format: BodyFormat, lists: Lists, declared: Mapping[str, Schema]) -> BodyShape:
    if body_format is BodyFormat.JSON:
        return JSON_BODY
    media = {name: str(found["contentMediaType"]) for name, found in declared.items() if "contentMediaType" in found}
    files = frozenset(name for name, found in declared.items() if gives_files(found))
    return BodyShape(format=body_format, lists=lists, media=media, files=files)
