"""The capabilities that an integration has before an import."""

from __future__ import annotations

from asyncio import sleep
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlmodel import col

from models.tables import Capability, Integration
from models.vocabulary import ArrayFormat, BodyFormat, CapabilityEffect, HttpMethod
from resolvers.work import Work

_BATCH: Final = 100


@dataclass(frozen=True, kw_only=True)
class Present:
    """A capability as it is. `source_operation`: its operation in a document; None if it was declared by hand."""

    id: str
    name: str
    source_operation: str | None
    description: str
    method: HttpMethod
    endpoint: str
    effect: CapabilityEffect
    body_format: BodyFormat
    array_format: ArrayFormat
    input_schema: dict[str, Any]
    output_schema: dict[str, Any] | None
    required_scopes: list[str]
    timeout_seconds: int


async def present_capabilities(work: Work, integration: Integration) -> list[Present]:
    """All of them, in batches: others are served while the schemas are read."""
    columns = [getattr(Capability, name) for name in Present.__dataclass_fields__]
    statement = (
        select(*columns)
        .where(col(Capability.integration_id) == integration.id)
        .order_by(col(Capability.id))
        .limit(_BATCH)
    )
    found: list[Present] = []
    last = ""
    while rows := (await work.session.execute(statement.where(col(Capability.id) > last))).all():
        found += [Present(**row._mapping) for row in rows]
        last = found[-1].id
        await sleep(0)
    return found
