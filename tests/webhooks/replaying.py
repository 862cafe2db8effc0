"""An organization whose webhook sends nothing, with deliveries in every state, and replays of them over the graph."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from jobs.job import NewJob
from jobs.transaction import enqueue
from models.tables import Delivery, Event, Job, Webhook
from models.vocabulary import WorkState
from resolvers.emission.addressing import DELIVER
from tests.harness.acting import PROBLEM, act
from tests.harness.waiting import eventually
from tests.webhooks.planted import plant_delivery, plant_webhook

PAYLOAD = """... on ReplayPayload { count more expired unjudged replayed delivery { databaseId state copyOf }
  job { id databaseId state operation } }"""
DAY = 86_400_000


class Place:
    """An organization with a webhook that sends nothing, and events of which it has no deliveries yet."""

    def __init__(self, tenant: Any, database: Any, webhook: Webhook) -> None:
        self.tenant, self.client, self.database, self.webhook = tenant, tenant.client, database, webhook

    async def emit(self, type: str = "PAID", **more: Any) -> Event:
        given = {"integration": {"handler": "MY_SHOP"}, "type": type, **more}
        made = await act(self.client, "emitEvent", given, "event { databaseId }")
        async with self.database.read() as session:
            return await session.get(Event, made["event"]["databaseId"])

    async def delivery(self, state: WorkState, event: Event | None = None, **facts: Any) -> Delivery:
        return await plant_delivery(self.database, self.webhook, event or await self.emit(), state=state, **facts)

    async def event_of(self, delivery: Delivery) -> Event:
        async with self.database.read() as session:
            return await session.get(Event, delivery.event_id)

    async def waiting(self, event: Event | None = None, delay_ms: int = DAY) -> Delivery:
        """A delivery that has failed once and waits for its next try, or for its turn if that is due."""
        made = await self.delivery(WorkState.QUEUED, event, attempt_count=1)
        job = NewJob(
            operation=DELIVER,
            caption="Deliver",
            organization_id=self.tenant.id,
            queue="idle",
            payload={"delivery": made.id},
            subject_kind="Delivery",
            subject_id=made.id,
            gate=self.webhook.id,
            delay_ms=delay_ms,
        )
        async with self.database.write() as session:
            await enqueue(session, job)
        return made

    async def order(self, client: Any = None, **given: Any) -> dict[str, Any]:
        document = f"""mutation($input: ReplayDeliveriesInput!) {{
          replayDeliveries(input: $input) {{ __typename {PAYLOAD} {PROBLEM} }} }}"""
        return (await (client or self.client).query(document, input=given))["replayDeliveries"]

    async def replay(self, kind: str, range: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        """Order a replay of many, and wait for the end of its job."""
        asked = {"what": {kind: {"webhookId": self.webhook.id, **(range or {})}}, **more}
        counted = await self.order(dryRun=True, **{k: v for k, v in asked.items() if k != "idempotencyKey"})
        made = await self.order(**asked)
        assert made["__typename"] == "ReplayPayload", made
        assert (made["count"], made["expired"]) == (counted["count"], counted["expired"])
        assert counted["job"] is None
        job = await eventually(lambda: self.ended(made["job"]["databaseId"]))
        assert job.state is WorkState.SUCCEEDED, job.error
        return made

    async def ended(self, id: str) -> Job | None:
        async with self.database.read() as session:
            job = await session.get(Job, id)
        return job if job.state in (WorkState.SUCCEEDED, WorkState.FAILED, WorkState.CANCELLED) else None

    async def jobs(self) -> dict[str, Job]:
        """The deliveries' jobs, by delivery; none has two."""
        mine = select(Job).where(col(Job.organization_id) == self.tenant.id, col(Job.operation) == DELIVER)
        async with self.database.read() as session:
            rows = list((await session.execute(mine.order_by(col(Job.id)))).scalars())
        assert len({row.subject_id for row in rows}) == len(rows)
        return {row.subject_id: row for row in rows}

    async def deliveries(self) -> list[Delivery]:
        mine = select(Delivery).where(col(Delivery.webhook_id) == self.webhook.id).order_by(col(Delivery.id))
        async with self.database.read() as session:
            return list((await session.execute(mine)).scalars())

    async def stored(self) -> Webhook:
        """The webhook as it is now."""
        async with self.database.read() as session:
            return await session.get(Webhook, self.webhook.id)

    async def set(self, model: Any, id: str, **values: Any) -> None:
        async with self.database.write() as session:
            await session.execute(update(model).where(model.id == id).values(**values))


async def new_place(tenant: Any, database: Any) -> Place:
    """A place in an organization of the test's own."""
    made = await act(tenant.client, "createIntegration", {"name": "My Shop"})
    types = [{"name": "MY_SHOP.PAID"}, {"name": "MY_SHOP.SENT"}]
    await act(tenant.client, "declareEventTypes", {"integrationId": made["id"], "eventTypes": types})
    # Hidden from acceptance while events are emitted, by a pattern of another integration.
    webhook = await plant_webhook(database, tenant.id, event_patterns=["Other.*"])
    return Place(tenant, database, webhook)
