"""Capabilities of all installed integrations."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlmodel import col

from models.tables import Capability, EventType, Installation
from models.vocabulary import CapabilityEffect, HttpMethod, Permission
from resolvers.filters import among, searching
from resolvers.operation import operation
from resolvers.page import Order, Slice, SliceRequest
from resolvers.work import Work

BY_NAME = Order(columns=("name", "id"))
BY_POSITION = Order(columns=("position", "id"))


@dataclass(frozen=True, kw_only=True)
class CapabilityFilter:
    """Conditions on capabilities; all must hold."""

    search: str | None = None
    effect: tuple[CapabilityEffect, ...] | None = None
    method: tuple[HttpMethod, ...] | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The conditions in SQL. Words are searched in name and description."""
        return [
            *searching(col(Capability.search_text), self.search),
            *among(col(Capability.effect), self.effect),
            *among(col(Capability.method), self.method),
        ]


@operation(needs=Permission.INTEGRATIONS_READ, reads=True)
async def list_capabilities(work: Work, filter: CapabilityFilter, page: SliceRequest) -> Slice[Capability]:
    """List capabilities of all integrations that are installed on the organization."""
    installed = select(col(Installation.integration_id)).where(
        col(Installation.organization_id) == work.organization_id
    )
    chosen = work.mine(Capability).where(col(Capability.integration_id).in_(installed), *filter.conditions())
    return await work.slice(chosen, Capability, BY_NAME, page)


@operation(needs=Permission.INTEGRATIONS_READ, reads=True)
async def list_event_types(work: Work, page: SliceRequest) -> Slice[EventType]:
    """List the event types of all integrations that exist for the caller, by name."""
    return await work.slice(work.mine(EventType), EventType, BY_NAME, page)
