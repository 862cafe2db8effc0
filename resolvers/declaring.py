"""Declaring capabilities and event types: a manifest replaces what was, and the same name keeps its id."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import select
from sqlmodel import SQLModel, col

from models.errors import InvalidInput, Violation
from models.tables import Capability, EventType, Integration
from models.vocabulary import CapabilityEffect, HttpMethod
from proxy.address import check_endpoint
from proxy.inputs import SimpleInput, check_schema, schema_of_simple_inputs
from proxy.inputs.validate import compile_schema
from resolvers.faults import ADDRESS, TEXT, WORD, Faults
from resolvers.work import Work

MOST_CAPABILITIES: Final = 1000
MOST_EVENT_TYPES: Final = 1000
_GREATEST_TIMEOUT: Final = 300
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]*")
_EFFECTS: Final = {HttpMethod.GET: CapabilityEffect.READ, HttpMethod.DELETE: CapabilityEffect.DESTRUCTIVE}


@dataclass(frozen=True, kw_only=True)
class DeclareCapability:
    """One capability: `inputs` for the simple form, `input_schema` for the general one."""

    name: str
    method: HttpMethod
    endpoint: str
    description: str | None = None
    effect: CapabilityEffect | None = None
    inputs: Sequence[SimpleInput] | None = None
    input_schema: dict[str, Any] | None = None
    output_schema: dict[str, Any] | None = None
    allow_unknown_inputs: bool = False
    required_scopes: Sequence[str] = ()
    timeout_seconds: int = 30


@dataclass(frozen=True, kw_only=True)
class DeclareEventType:
    """One event type: `<Handler>.<Name>`."""

    name: str
    description: str | None = None
    schema: dict[str, Any] | None = None


async def declare(work: Work, integration: Integration, manifest: Sequence[DeclareCapability]) -> None:
    """Replace all capabilities of an integration. Raises InvalidInput with every fault of the manifest."""
    faults = Faults("input", "capabilities")
    if not faults.check(len(manifest) <= MOST_CAPABILITIES, (), f"At most {MOST_CAPABILITIES} capabilities."):
        faults.refuse()
    schemas = [_check(faults, integration, index, one) for index, one in enumerate(manifest)]
    _refuse_twice(faults, [one.name for one in manifest])
    faults.refuse()
    before = {row.name: row for row in await _children(work, Capability, integration)}
    field_names: set[str] = set()
    for position, (one, schema) in enumerate(zip(manifest, schemas, strict=True)):
        row = before.pop(one.name, None) or Capability(
            organization_id=integration.organization_id, integration_id=integration.id, name=one.name
        )
        _fill(row, one, schema, position, _field_name(one.name, field_names))
        work.add(row)
    await _drop(work, before)


async def declare_events(work: Work, integration: Integration, manifest: Sequence[DeclareEventType]) -> None:
    """Replace all event types of an integration. Raises InvalidInput with every fault of the manifest."""
    faults = Faults("input", "eventTypes")
    faults.check(len(manifest) <= MOST_EVENT_TYPES, (), f"At most {MOST_EVENT_TYPES} event types.")
    for index, one in enumerate(manifest):
        _check_event_type(faults, integration, index, one)
    faults.refuse()
    _refuse_twice(faults, [suffix_of(integration, one.name) or "" for one in manifest])
    faults.refuse()
    before = {row.suffix: row for row in await _children(work, EventType, integration)}
    for one in manifest:
        suffix = suffix_of(integration, one.name) or ""
        row = before.pop(suffix, None) or EventType(
            organization_id=integration.organization_id, integration_id=integration.id, suffix=suffix, name=one.name
        )
        row.name, row.description, row.payload_schema = one.name, one.description or "", one.schema
        work.add(row)
    await _drop(work, before)


def suffix_of(integration: Integration, name: str) -> str | None:
    """What follows the handler in an event's name, whose case and underscores do not count; None for another's."""
    prefix, dot, suffix = name.partition(".")
    same = prefix.replace("_", "").casefold() == integration.handler.replace("_", "").casefold()
    return suffix if dot and suffix and same else None


def effect_of(method: HttpMethod) -> CapabilityEffect:
    """What a method does unless a declaration says otherwise."""
    return _EFFECTS.get(method, CapabilityEffect.WRITE)


def _check(faults: Faults, integration: Integration, index: int, one: DeclareCapability) -> dict[str, Any]:
    here = str(index)
    named = len(one.name) <= WORD and _NAME.fullmatch(one.name) is not None
    faults.check(named, (here, "name"), "It must be ASCII letters, digits and _ . : - (at most 120).")
    faults.text((here, "description"), one.description, most=TEXT)
    faults.text((here, "endpoint"), one.endpoint, most=ADDRESS, least=1)
    in_range = 1 <= one.timeout_seconds <= _GREATEST_TIMEOUT
    faults.check(in_range, (here, "timeoutSeconds"), f"It must be between 1 and {_GREATEST_TIMEOUT}.")
    if problem := check_endpoint(one.endpoint):
        faults.add((here, "endpoint"), problem)
    elif one.endpoint.startswith("/") and integration.api_base_url is None:
        faults.add((here, "endpoint"), "A path needs an API base address at the integration.")
    both = one.inputs is not None and one.input_schema is not None
    faults.check(not both, (here, "inputSchema"), "Give inputs or inputSchema, not both.")
    return _schema(faults, here, one)


def _schema(faults: Faults, here: str, one: DeclareCapability) -> dict[str, Any]:
    field = "inputs" if one.input_schema is None else "inputSchema"
    try:
        schema = one.input_schema or schema_of_simple_inputs(one.inputs or (), one.allow_unknown_inputs)
    except InvalidInput as refusal:
        faults.found += [_below(faults, here, violation) for violation in refusal.violations]
        return {}
    if not check_endpoint(one.endpoint):
        for violation in check_schema(schema, one.method, one.endpoint):
            faults.add((here, field, *violation.path), violation.message)
    if one.output_schema is not None:
        _check_any_schema(faults, (here, "outputSchema"), one.output_schema)
    return schema


def _below(faults: Faults, here: str, violation: Violation) -> Violation:
    return Violation(path=(*faults.prefix, here, *violation.path), message=violation.message)


def _check_any_schema(faults: Faults, path: tuple[str, ...], schema: dict[str, Any]) -> None:
    try:
        compile_schema(schema)
    except ValueError as error:
        faults.add(path, str(error).split("\n", 1)[0])


def _check_event_type(faults: Faults, integration: Integration, index: int, one: DeclareEventType) -> None:
    here = str(index)
    suffix = suffix_of(integration, one.name)
    named = suffix is not None and len(suffix) <= WORD and _NAME.fullmatch(suffix) is not None
    faults.check(named, (here, "name"), f"It must be written {integration.handler}.<NAME>, in ASCII.")
    faults.text((here, "description"), one.description, most=TEXT)
    if one.schema is not None:
        _check_any_schema(faults, (here, "schema"), one.schema)


def _refuse_twice(faults: Faults, names: list[str]) -> None:
    seen: set[str] = set()
    for index, name in enumerate(names):
        faults.check(name not in seen, (str(index), "name"), f"{name} is declared twice.")
        seen.add(name)


def _fill(row: Capability, one: DeclareCapability, schema: dict[str, Any], position: int, field_name: str) -> None:
    row.field_name, row.position = field_name, position
    row.description = one.description or ""
    row.method, row.endpoint = one.method, one.endpoint
    row.effect = one.effect or effect_of(one.method)
    row.input_schema, row.output_schema = schema, one.output_schema
    row.required_scopes = list(one.required_scopes)
    row.timeout_seconds = one.timeout_seconds
    row.digest = _digest(row)


def _digest(row: Capability) -> str:
    declared = (row.method, row.endpoint, row.effect, row.input_schema, row.output_schema)
    rest = (row.required_scopes, row.timeout_seconds)
    return hashlib.sha256(orjson.dumps([*declared, *rest])).hexdigest()


def _field_name(name: str, taken: set[str]) -> str:
    """A GraphQL name for the capability, unique among those declared with it: `SYNC_STOCK` → `syncStock`."""
    head, *tail = re.findall(r"[A-Za-z0-9]+", name) or ["field"]
    plain = (head.lower() if name.isupper() or "_" in name else head[:1].lower() + head[1:]) + "".join(
        word[:1].upper() + word[1:].lower() for word in tail
    )
    plain = plain if plain[0].isalpha() else f"_{plain}"
    candidate, number = plain[:110], 2
    while candidate in taken:
        candidate, number = f"{plain[:110]}{number}", number + 1
    taken.add(candidate)
    return candidate


async def _children(work: Work, model: type[SQLModel], integration: Integration) -> list[Any]:
    return await work.all(select(model).where(col(model.integration_id) == integration.id))  # type: ignore[attr-defined]


async def _drop(work: Work, rows: dict[str, Any]) -> None:
    for row in rows.values():
        await work.remove(row)
    await work.flush()
