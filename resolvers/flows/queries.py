"""Flows and steps: the lists of them, and one."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlmodel import col

from models.tables import Flow, Step
from models.vocabulary import FlowTriggerKind, Permission, StepDirection
from resolvers.filters import among, equal, searching
from resolvers.operation import operation
from resolvers.page import BY_NAME_KEY, Slice, SliceRequest
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class FlowFilter:
    """Conditions on flows; all must hold."""

    search: str | None = None
    enabled: bool | None = None
    trigger: tuple[FlowTriggerKind, ...] | None = None
    group_id: str | None = None
    integration_id: tuple[str, ...] | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The conditions in SQL."""
        return [
            *searching(Flow.name_key, self.search),
            *equal(col(Flow.enabled), self.enabled),
            *among(col(Flow.trigger), self.trigger),
            *equal(col(Flow.group_id), self.group_id),
            *among(col(Flow.integration_id), self.integration_id),
        ]


@dataclass(frozen=True, kw_only=True)
class StepFilter:
    """Conditions on steps; all must hold."""

    search: str | None = None
    direction: StepDirection | None = None
    capability_id: tuple[str, ...] | None = None
    connection_id: tuple[str, ...] | None = None
    integration_id: tuple[str, ...] | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The conditions in SQL."""
        return [
            *searching(Step.name_key, self.search),
            *equal(col(Step.direction), self.direction),
            *among(col(Step.capability_id), self.capability_id),
            *among(col(Step.connection_id), self.connection_id),
            *among(col(Step.integration_id), self.integration_id),
        ]


@operation(needs=Permission.FLOWS_READ, reads=True)
async def list_flows(work: Work, filter: FlowFilter, page: SliceRequest) -> Slice[Flow]:
    """List flows of the organization by name, without those of integrations that are hidden from the caller."""
    return await work.slice(work.mine(Flow).where(*filter.conditions()), Flow, BY_NAME_KEY, page)


@operation(needs=Permission.FLOWS_READ, reads=True)
async def read_flow(work: Work, id: str) -> Flow | None:
    """Read one flow; None if there is none."""
    return await work.find(Flow, id)


@operation(needs=Permission.FLOWS_READ, reads=True)
async def list_steps(work: Work, filter: StepFilter, page: SliceRequest) -> Slice[Step]:
    """List steps of the organization by name, without those of integrations that are hidden from the caller."""
    return await work.slice(work.mine(Step).where(*filter.conditions()), Step, BY_NAME_KEY, page)


@operation(needs=Permission.FLOWS_READ, reads=True)
async def read_step(work: Work, id: str) -> Step | None:
    """Read one step; None if there is none."""
    return await work.find(Step, id)
