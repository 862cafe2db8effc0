"""Flows with schedules straight in the database, their runs and jobs, and schedulers over it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from hub.wiring import build_hub
from models.database import Database
from models.row import new_id
from models.tables import Flow, Job, Organization, Run
from models.vocabulary import FlowTriggerKind, WorkState
from resolvers.caller import Caller
from resolvers.schedules.firing import start_due_flows
from resolvers.schedules.zones import zone_rules
from settings import Settings

MINUTE = 60_000
HOUR = 60 * MINUTE


def at(text: str) -> int:
    """A time of RFC 3339 in ms since 1970 UTC."""
    return int(datetime.fromisoformat(text).timestamp() * 1000)


#: The time at which planted flows are due.
DUE = at("2031-03-03T10:00:00+00:00")


@dataclass(kw_only=True)
class Planted:
    """Flows of one organization."""

    database: Database
    organization_id: str

    async def flow(self, cron: str = "*/15 * * * *", **facts: Any) -> Flow:
        """A flow that is enabled, due at DUE."""
        (flow,) = await self.flows(1, cron, **facts)
        return flow

    async def flows(self, count: int, cron: str = "*/15 * * * *", **facts: Any) -> list[Flow]:
        """Flows that are enabled, due at DUE."""
        given = {
            "name": "Ship",
            "name_key": "ship",
            "enabled": True,
            "trigger": FlowTriggerKind.SCHEDULE,
            "cron": cron,
            "time_zone": "UTC",
            "zone_rules": zone_rules(),
            "next_run_at": DUE,
        }
        rows = [Flow(organization_id=self.organization_id, **given | facts) for _ in range(count)]
        async with self.database.write() as session:
            session.add_all(rows)
        return rows

    async def run(self, flow: Flow, state: WorkState) -> None:
        """An earlier run of a flow that is not done."""
        facts = {"flow_name": "Ship", "trigger": FlowTriggerKind.MANUAL, "correlation_id": new_id(), "state": state}
        async with self.database.write() as session:
            session.add(Run(organization_id=self.organization_id, flow_id=flow.id, **facts))

    async def runs(self, flow: Flow) -> Sequence[Run]:
        """The runs of a flow by its schedule, in the order of their times."""
        own = col(Run.flow_id) == flow.id, col(Run.due_at).is_not(None)
        return await self._all(select(Run).where(*own).order_by(col(Run.due_at)))

    async def jobs(self, *flows: Flow) -> Sequence[Job]:
        """The jobs of the flows' runs, in the order of their lanes."""
        of = col(Job.gate).in_([flow.id for flow in flows])
        return await self._all(select(Job).where(of).order_by(col(Job.position), col(Job.id)))

    async def recurring(self) -> Job | None:
        """The job that starts flows."""
        unfinished = (WorkState.QUEUED, WorkState.RUNNING)
        own = col(Job.operation) == "flow.schedule", col(Job.state).in_(unfinished)
        return next(iter(await self._all(select(Job).where(*own))), None)

    async def read(self, flow: Flow) -> Flow:
        """A flow as it is stored now."""
        (stored,) = await self._all(select(Flow).where(col(Flow.id) == flow.id))
        return stored

    async def _all(self, statement: Any) -> Sequence[Any]:
        async with self.database.read() as session:
            return (await session.execute(statement)).scalars().all()


@asynccontextmanager
async def planting(database: Database):
    """An organization of the test's own, whose flows are at rest afterwards."""
    place = Planted(database=database, organization_id=new_id())
    async with database.write() as session:
        session.add(Organization(id=place.organization_id, name="Acme", slug=f"acme-{place.organization_id}"))
    yield place
    async with database.write() as session:
        await session.execute(update(Flow).values(next_run_at=None))


class Scheduler:
    """A hub without workers, which starts flows when it is told to."""

    def __init__(self, settings: Settings) -> None:
        self.hub = build_hub(settings)

    async def fire(self, now: int) -> None:
        """Start every flow that is due."""
        while await start_due_flows(Caller.of_hub(self.hub), now):
            pass

    async def close(self) -> None:
        await self.hub.recorder.close()
        await self.hub.database.close()
        self.hub.expressions.close()
