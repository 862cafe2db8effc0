"""Attempts at deliveries as the worker makes them, one by one: the job's function, then its effects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from jobs.job import Claimed, Retry
from jobs.kind import JobContext
from jobs.progress import Progress
from models.row import new_id, now_ms
from models.tables import Delivery, Event, Webhook
from models.vocabulary import Source
from resolvers.caller import Caller
from resolvers.hub import Hub
from resolvers.webhooks.delivering import deliver
from tests.webhooks.records import Records

BODY = '{"id":"1","type":"Shop.ORDERED","data":{"total":7}}'


@dataclass(kw_only=True)
class Courier:
    """Makes deliveries of events of an organization, and attempts at them."""

    hub: Hub
    records: Records
    _jobs: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def event(self, body: str | None = BODY, **facts: Any) -> Event:
        """An event with this frozen body."""
        event_id = new_id()
        event = Event(
            id=event_id,
            organization_id=self.records.organization_id,
            entity_sequence=1,
            body=body,
            source=Source.HUB,
            correlation_id=event_id,
            **{"type": "Shop.ORDERED", "entity_id": "order-1", "sequence": self.records.next_number()} | facts,
        )
        async with self.records.database.write() as session:
            session.add(event)
        return event

    async def delivery(self, webhook: Webhook, body: str | None = BODY, **facts: Any) -> Delivery:
        """A queued delivery of a new event; `facts` are the delivery's."""
        event = await self.event(body)
        return await self.records.delivery(webhook, event.id, **facts)

    async def attempt(self, delivery: Delivery, *, attempt: int = 1, **facts: Any) -> Retry | None:
        """One attempt of the delivery's job, the `attempt`th of its series. Answers the wait that it asks for."""
        context = self._context(delivery, attempt=attempt, **facts)
        caller = Caller.of_job(self.hub, context, frozenset(), "hub")
        try:
            await deliver(caller, context)
        except Retry as retry:
            return retry
        finally:
            await self.records.apply(context.effects)
        return None

    def _context(self, delivery: Delivery, **facts: Any) -> JobContext:
        replay = {"replay": True} if facts.pop("replay", False) else {}
        job_id = new_id()
        values: dict[str, Any] = dict.fromkeys(Claimed.__dataclass_fields__)
        values |= {"id": job_id, "organization_id": delivery.organization_id, "operation": "webhook.deliver"}
        values |= {"payload": {"delivery": delivery.id} | replay, "max_attempts": 8, "owner": "test", "run_at": 0}
        job = Claimed(**values | {"correlation_id": job_id, "gate": delivery.webhook_id} | facts)
        return JobContext(job=job, progress=Progress(job.lease, _unreported, now_ms), keep_when_done=False)


async def _unreported(*_: object) -> None:
    """Deliveries report no progress."""
