"""Manifests: declarations of capabilities and event types, and their faults, each with its path."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from models.errors import InvalidInput, Path
from models.tables import Integration
from models.vocabulary import ArrayFormat, BodyFormat, CapabilityEffect, HttpMethod
from proxy.address import check_endpoint
from proxy.inputs import (
    SimpleInput,
    check_any_schema,
    check_body_format,
    check_extent,
    check_schema,
    schema_of_simple_inputs,
)
from resolvers.faults import ADDRESS, TEXT, WORD, Faults

MOST_CAPABILITIES: Final = 1000
MOST_EVENT_TYPES: Final = 1000
_MOST_SCOPES: Final = 100
_EXAMPLE_BYTES: Final = 16 * 1024
_GREATEST_TIMEOUT: Final = 300
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]*")
#: Keywords of the stored schema, and their names in the simple form.
_SIMPLE: Final = {"x-in": "location", "enum": "options", "default": "default", "type": "type", "x-file": "type"}


@dataclass(frozen=True, kw_only=True)
class DeclareCapability:
    """One capability: `inputs` for the simple form, `input_schema` for the general one.

    `source_operation`: its operation in the document that it comes from; None keeps that of the capability.
    """

    name: str
    method: HttpMethod
    endpoint: str
    description: str | None = None
    effect: CapabilityEffect | None = None
    body_format: BodyFormat = BodyFormat.JSON
    array_format: ArrayFormat = ArrayFormat.REPEAT
    inputs: Sequence[SimpleInput] | None = None
    input_schema: dict[str, Any] | None = None
    output_schema: dict[str, Any] | None = None
    allow_unknown_inputs: bool = False
    required_scopes: Sequence[str] = ()
    timeout_seconds: int = 30
    source_operation: str | None = None

    def schema(self) -> dict[str, Any]:
        """The stored form of its inputs. Raises InvalidInput for an input that is declared twice."""
        if self.input_schema is not None:
            return self.input_schema
        return schema_of_simple_inputs(self.inputs or (), self.allow_unknown_inputs)


@dataclass(frozen=True, kw_only=True)
class DeclareEventType:
    """One event type: `<Handler>.<Name>`. `example`: a payload, which the schema must allow."""

    name: str
    description: str | None = None
    schema: dict[str, Any] | None = None
    example: dict[str, Any] | None = None
    deprecated: bool = False


def check_capabilities(faults: Faults, manifest: Sequence[DeclareCapability], *, has_base: bool) -> None:
    """Add faults below `capabilities`. `has_base`: the integration has a base address, so endpoints may be paths."""
    few = len(manifest) <= MOST_CAPABILITIES
    if not faults.check(few, "capabilities", f"At most {MOST_CAPABILITIES} capabilities."):
        return
    schemas = (schema for one in manifest for schema in (one.input_schema, one.output_schema))
    if problem := check_extent(schemas, inputs=sum(len(one.inputs or ()) for one in manifest)):
        faults.add("capabilities", problem)
        return
    taken: set[str] = set()
    for index, one in enumerate(manifest):
        here = ("capabilities", str(index))
        _check_capability(faults, here, one, has_base)
        faults.check(one.name not in taken, (*here, "name"), f"{one.name} is declared twice.")
        taken.add(one.name)


def check_event_types(faults: Faults, integration: Integration, manifest: Sequence[DeclareEventType]) -> None:
    """Add faults below `eventTypes`."""
    if not faults.check(len(manifest) <= MOST_EVENT_TYPES, "event_types", f"At most {MOST_EVENT_TYPES} event types."):
        return
    if problem := check_extent(one.schema for one in manifest):
        faults.add("event_types", problem)
        return
    taken: set[str] = set()
    for index, one in enumerate(manifest):
        here = ("event_types", str(index))
        suffix = suffix_of(integration, one.name)
        named = suffix is not None and len(suffix) <= WORD and _NAME.fullmatch(suffix) is not None
        faults.check(named, (*here, "name"), f"It must be written {integration.handler}.<NAME>, in ASCII.")
        faults.check(suffix is None or suffix not in taken, (*here, "name"), f"{suffix} is declared twice.")
        taken.add(suffix or "")
        faults.text((*here, "description"), one.description, most=TEXT)
        _check_shape(faults, (*here, "schema"), one.schema)
        faults.object((*here, "example"), one.example, most=_EXAMPLE_BYTES)


def suffix_of(integration: Integration, name: str) -> str | None:
    """The part of an event's name after the handler, compared without case and underscores; None for another one."""
    prefix, dot, suffix = name.partition(".")
    same = prefix.replace("_", "").casefold() == integration.handler.replace("_", "").casefold()
    return suffix if dot and suffix and same else None


def _check_capability(faults: Faults, here: Path, one: DeclareCapability, has_base: bool) -> None:
    named = len(one.name) <= WORD and _NAME.fullmatch(one.name) is not None
    faults.check(named, (*here, "name"), "It must be ASCII letters, digits and _ . : - (at most 120).")
    faults.text((*here, "description"), one.description, most=TEXT)
    _check_endpoint(faults, (*here, "endpoint"), one.endpoint, has_base)
    if one.inputs is not None and one.input_schema is not None:
        faults.add((*here, "input_schema"), "Give inputs or inputSchema, not both.")
    else:
        _check_inputs(faults, here, one)
    _check_shape(faults, (*here, "output_schema"), one.output_schema)
    faults.texts((*here, "required_scopes"), one.required_scopes, most=_MOST_SCOPES)
    in_range = 1 <= one.timeout_seconds <= _GREATEST_TIMEOUT
    faults.check(in_range, (*here, "timeout_seconds"), f"It must be from 1 to {_GREATEST_TIMEOUT} seconds.")


def _check_endpoint(faults: Faults, here: Path, endpoint: str, has_base: bool) -> None:
    if not faults.text(here, endpoint, most=ADDRESS, least=1):
        return
    if problem := check_endpoint(endpoint):
        faults.add(here, problem)
    elif endpoint.startswith("/") and not has_base:
        faults.add(here, "A path needs the integration's API base address; set it, or give an absolute address.")


def _check_inputs(faults: Faults, here: Path, one: DeclareCapability) -> None:
    try:
        schema = one.schema()
    except InvalidInput as refusal:
        for violation in refusal.violations:
            faults.add((*here, *violation.path), violation.message)
        return
    violations = check_schema(schema, one.method, one.endpoint, one.body_format)
    for violation in violations:
        faults.add((*here, *_place(one, violation.path)), violation.message)
    if not violations and (problem := check_body_format(schema, one.method, one.endpoint, one.body_format)):
        faults.add((*here, "body_format"), problem)


def _place(one: DeclareCapability, path: Path) -> Path:
    """The place in the input of a fault in the stored schema."""
    if one.input_schema is not None:
        return ("input_schema", *path)
    match path:
        case ("properties", name, *rest):
            index = next((i for i, given in enumerate(one.inputs or ()) if given.name == name), 0)
            words = [_SIMPLE.get(rest[0], rest[0]), *rest[1:]] if rest else []
            return ("inputs", str(index), *words)
        case ("properties",):
            return ("endpoint",)
    return ("inputs", *path)


def _check_shape(faults: Faults, here: Path, schema: object) -> None:
    if schema is not None:
        for violation in check_any_schema(schema):
            faults.add((*here, *violation.path), violation.message)
