"""Declaring capabilities and event types: a manifest replaces all rows, and a name keeps its id."""

from __future__ import annotations

import hashlib
import re
from asyncio import sleep
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from time import thread_time
from typing import Any, Final, TypeVar

import orjson
from sqlalchemy import inspect, select
from sqlmodel import SQLModel, col

from models.errors import Forbidden
from models.row import folded
from models.tables import Capability, EventType, Integration
from models.vocabulary import ArrayFormat, BodyFormat, CapabilityEffect, HttpMethod, Permission
from resolvers.announcing import Differences
from resolvers.capabilities.breaking import breaks_of_capability, breaks_of_schema, removed
from resolvers.capabilities.manifest import DeclareCapability, DeclareEventType, suffix_of
from resolvers.changes import changed
from resolvers.flow_uses import require_unused_capabilities, require_unused_event_types
from resolvers.work import Work

__all__ = ["DeclareCapability", "DeclareEventType", "declare", "declare_events", "effect_of", "permit_declaring"]

R = TypeVar("R")
#: Rows of one turn of the event loop, which take some 0.2 ms each to send; and seconds of the processor to make them.
_PIECE: Final = 50
_SECONDS: Final = 0.01
_EFFECTS: Final = {
    HttpMethod.GET: CapabilityEffect.READ,
    HttpMethod.HEAD: CapabilityEffect.READ,
    HttpMethod.DELETE: CapabilityEffect.DESTRUCTIVE,
}
#: Forms that a digest leaves out: it is the same as before there were others.
_USUAL: Final = (BodyFormat.JSON, ArrayFormat.REPEAT)


def permit_declaring(work: Work, manifest: Sequence[DeclareCapability] = ()) -> None:
    """Raise Forbidden if the caller may not declare this.

    Effect READ lets a capability run with DISPATCH_READ alone, so for a method that can write the caller needs
    DISPATCH_WRITE.
    """
    if work.caller.may(Permission.DISPATCH_WRITE):
        return
    for index, one in enumerate(manifest):
        if one.effect is CapabilityEffect.READ and effect_of(one.method) is not CapabilityEffect.READ:
            raise Forbidden(
                f"Effect READ of a {one.method} needs the permission DISPATCH_WRITE; leave it out, or use GET.",
                permission=Permission.DISPATCH_WRITE,
                path=("capabilities", str(index), "effect"),
            )


async def declare(work: Work, integration: Integration, manifest: Sequence[DeclareCapability]) -> Differences:
    """Replace all capabilities of an integration by a checked manifest. Answers the changes.

    Raises Conflict if flows of the organization use one that is left out.
    """
    before = {row.name: row for row in await _children(work, Capability, integration)}
    was = {name: _told(row) for name, row in before.items()}
    called = {name: (row.method, row.input_schema) for name, row in before.items()}
    now: dict[str, Any] = {}
    edited = False
    breaking: list[dict[str, str]] = []
    kept = {one.name: before[one.name] for one in manifest if one.name in before}
    dropped = [row for name, row in before.items() if name not in kept]
    await require_unused_capabilities(work, dropped)
    await _drop(work, dropped)
    field_names = {row.field_name for row in kept.values()}
    async for position, one in _in_pieces(work, manifest):
        row = kept.get(one.name) or Capability(
            organization_id=integration.organization_id,
            integration_id=integration.id,
            name=one.name,
            field_name=_field_name(one.name, field_names),
        )
        _fill(row, one, position)
        work.add(row)
        edited |= work.session.is_modified(row)
        now[row.name] = _told(row)
        if row.name in was and now[row.name] != was[row.name]:
            breaking += breaks_of_capability(row.name, called[row.name], (row.method, row.input_schema))
    return replace(_differences("capabilities", was, now, breaking), edited=edited)


async def declare_events(work: Work, integration: Integration, manifest: Sequence[DeclareEventType]) -> Differences:
    """Replace all event types of an integration by a checked manifest. Answers the changes.

    Raises Conflict if events of a type that is left out start flows of the organization.
    """
    before = {row.suffix: row for row in await _children(work, EventType, integration)}
    was = {suffix: _described(row) for suffix, row in before.items()}
    now: dict[str, Any] = {}
    breaking: list[dict[str, str]] = []
    kept = {suffix_of(integration, one.name) or "" for one in manifest}
    await require_unused_event_types(work, [row for suffix, row in before.items() if suffix not in kept])
    async for _, one in _in_pieces(work, manifest):
        suffix = suffix_of(integration, one.name) or ""
        row = before.pop(suffix, None) or EventType(
            organization_id=integration.organization_id, integration_id=integration.id, suffix=suffix, name=one.name
        )
        _fill_event(work, row, one)
        work.add(row)
        now[suffix] = _described(row)
        if suffix in was:
            breaking += breaks_of_schema(suffix, was[suffix]["schema"], one.schema)
    await _drop(work, list(before.values()))
    return _differences("eventTypes", was, now, breaking)


def effect_of(method: HttpMethod) -> CapabilityEffect:
    """The effect of a method if the declaration names none."""
    return _EFFECTS.get(method, CapabilityEffect.WRITE)


def _fill(row: Capability, one: DeclareCapability, position: int) -> None:
    row.position = position
    row.description = one.description or ""
    row.search_text = folded(row.name, row.description)
    row.method, row.endpoint = one.method, one.endpoint
    row.effect = one.effect or effect_of(one.method)
    row.body_format, row.array_format = one.body_format, one.array_format
    row.input_schema, row.output_schema = one.schema(), one.output_schema
    row.required_scopes = list(one.required_scopes)
    row.timeout_seconds = one.timeout_seconds
    row.digest = _digest(row)


def _fill_event(work: Work, row: EventType, one: DeclareEventType) -> None:
    """The version counts the schemas that the type has had, one after the other."""
    is_new = inspect(row).transient
    row.version = 1 if is_new else row.version + (row.payload_schema != one.schema)
    row.name, row.description, row.payload_schema = one.name, one.description or "", one.schema
    row.example = one.example
    row.deprecated_since = (row.deprecated_since or work.now()) if one.deprecated else None


def _digest(row: Capability) -> str:
    declared = (row.method, row.endpoint, row.effect, row.input_schema, row.output_schema)
    forms = (row.body_format, row.array_format)
    rest = (row.required_scopes, row.timeout_seconds, *(() if forms == _USUAL else forms))
    return hashlib.sha256(orjson.dumps([*declared, *rest])).hexdigest()


def _told(row: Capability) -> dict[str, Any]:
    """A capability as the audit shows it; the digest covers all other values."""
    return {"method": str(row.method), "endpoint": row.endpoint, "digest": row.digest}


def _described(row: EventType) -> dict[str, Any]:
    told = {"name": row.name, "description": row.description, "schema": row.payload_schema}
    more = {"example": row.example, "deprecated": row.deprecated_since is not None}
    return told | {name: value for name, value in more.items() if value}


def _differences(
    noun: str, was: dict[str, Any], now: dict[str, Any], breaking: Sequence[dict[str, str]]
) -> Differences:
    names = sorted(was.keys() | now.keys())
    gone = sorted(was.keys() - now.keys())
    return Differences(
        audited=[change for name in names for change in changed(f"{noun}.{name}", was.get(name), now.get(name))],
        added=sorted(now.keys() - was.keys()),
        changed=sorted(name for name in was.keys() & now.keys() if was[name] != now[name]),
        removed=gone,
        breaking=[*map(removed, gone), *breaking],
    )


def _field_name(name: str, taken: set[str]) -> str:
    """A free GraphQL name for a new capability: `SYNC_STOCK` → `syncStock`."""
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


async def _drop(work: Work, rows: Sequence[SQLModel]) -> None:
    """Remove rows now, so that their unique names are free before others are added."""
    async for _, row in _in_pieces(work, rows):
        await work.remove(row)
    await work.flush()


async def _in_pieces(work: Work, rows: Sequence[R]) -> AsyncIterator[tuple[int, R]]:
    """The rows with their positions. Between pieces, changes are sent to the database and others are served."""
    began = thread_time()
    for position, row in enumerate(rows):
        yield position, row
        if position % _PIECE == _PIECE - 1 or thread_time() - began > _SECONDS:
            await work.flush()
            await sleep(0)  # there may be nothing to send
            began = thread_time()
