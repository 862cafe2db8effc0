"""Jobs of a queue that nobody works: a test claims one, works a part of it, and dies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import update
from sqlmodel import col

from jobs.driver import open_driver
from jobs.job import NewJob
from jobs.kind import JobContext
from jobs.progress import Progress
from jobs.transaction import enqueue
from models.database import Database
from models.row import new_id, now_ms
from models.tables import Job
from models.vocabulary import Permission
from resolvers.caller import Caller
from resolvers.hub import Hub

_LEASE_MS = 15_000


class Idle:
    """One job, claimed by one worker after the other."""

    def __init__(self, hub: Hub, database: Database) -> None:
        self.hub, self.database, self.queue, self.job_id = hub, database, f"idle-{new_id()}", ""
        self._driver = open_driver(database)

    async def add(self, organization_id: str, operation: str, payload: Mapping[str, Any], **facts: Any) -> None:
        new = NewJob(
            operation=operation,
            caption="Work",
            queue=self.queue,
            organization_id=organization_id,
            payload=payload,
            **facts,
        )
        async with self.database.write() as session:
            self.job_id = (await enqueue(session, new)).id

    async def claim(self) -> Caller:
        """The caller of the next attempt."""
        job = await self.row()
        [claimed] = await self._driver.claim(new_id(), self.queue, [job.operation], 1, _LEASE_MS)
        progress = Progress(claimed.lease, self._driver.report, now_ms)
        context = JobContext(job=claimed, progress=progress)
        return Caller.of_job(self.hub, context, frozenset({Permission.WEBHOOKS_WRITE}), "admin")

    async def die(self) -> None:
        """Let the lease of the attempt run out, and another worker find that."""
        async with self.database.write() as session:
            await session.execute(update(Job).where(col(Job.id) == self.job_id).values(lease_until=1))
        await self._driver.reap()

    async def row(self) -> Job:
        """The job as it is stored."""
        async with self.database.read() as session:
            return await session.get(Job, self.job_id)
