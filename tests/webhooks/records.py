"""Webhooks, events and deliveries as rows, and effects applied as the engine does, in one transaction."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import select, text, update
from sqlmodel import col

from models.database import Database
from models.origins import Origins
from models.row import new_id, now_ms
from models.secret import Keyring
from models.secret_column import secret_place
from models.statement import spelled
from models.tables import Attempt, Delivery, Gate, Integration, Organization, Webhook
from proxy.signing import new_secret

_numbers = itertools.count(10**9)  # far from the numbers that the hub gives


@dataclass(kw_only=True)
class Records:
    """Rows of one organization, made and read past the operations."""

    database: Database
    keyring: Keyring
    organization_id: str

    async def webhook(self, url: str = "http://127.0.0.1:9/", *, gate: dict[str, Any] | None = None, **facts: Any):
        """A webhook with one secret and an open gate of its full concurrency; `gate`: other values of its gate."""
        secrets, headers = facts.pop("secrets", [new_secret()]), facts.pop("headers", None)
        webhook = Webhook(organization_id=self.organization_id, name="Shop", url=url, **facts)
        webhook.secrets = self.seal(webhook, "secrets", [{"secret": each, "until": None} for each in secrets])
        webhook.secret_expiries = [None] * len(secrets)
        if headers is not None:
            webhook.headers_origins = webhook.headers_origins or Origins.of(api=[url]).text()
            pairs = [{"name": name, "value": value} for name, value in headers.items()]
            webhook.headers = self.seal(webhook, "headers", pairs)
        limits = {"capacity": webhook.concurrency} | (gate or {})
        async with self.database.write() as session:
            session.add(webhook)
            session.add(Gate(id=webhook.id, organization_id=self.organization_id, **limits))
        return webhook

    async def delivery(self, webhook: Webhook, event_id: str | None = None, **facts: Any) -> Delivery:
        """A queued delivery of an event."""
        delivery = Delivery(
            organization_id=self.organization_id,
            webhook_id=webhook.id,
            event_id=event_id or new_id(),
            sequence=self.next_number(),
            correlation_id=new_id(),
            **{"event_type": "Shop.ORDERED", "entity_id": "order-1"} | facts,
        )
        async with self.database.write() as session:
            session.add(delivery)
        return delivery

    def seal(self, row: Any, column: str, value: Any) -> bytes:
        """An envelope as operations make it."""
        return self.keyring.seal(orjson.dumps(value), secret_place(row, column))

    async def integration(self, **facts: Any) -> str:
        """The id of an integration; only what a row must have."""
        word = f"hidden{new_id()}"
        given = dict.fromkeys(("name", "name_key", "handler", "slug", "search_text", "vendor"), word)
        async with self.database.write() as session:
            session.add(made := Integration(organization_id=self.organization_id, **given | facts))
        return made.id

    async def receivers(self, event: Any) -> list[str]:
        """The webhooks with a delivery of an event."""
        statement = select(col(Delivery.webhook_id)).where(col(Delivery.event_id) == event.id)
        async with self.database.read() as session:
            return list((await session.execute(statement)).scalars())

    def next_number(self) -> int:
        """A sequence that no other event or delivery has."""
        return next(_numbers)

    async def set(self, row: Any, **values: Any) -> None:
        """Change a row past the operations."""
        async with self.database.write() as session:
            await session.execute(update(type(row)).where(type(row).id == row.id).values(**values))

    async def read(self, row: Any) -> Any:
        """A row as it is stored now."""
        async with self.database.read() as session:
            return await session.get(type(row), row.id)

    async def gate(self, webhook: Webhook) -> Gate:
        """The gate of a webhook."""
        async with self.database.read() as session:
            return await session.get(Gate, webhook.id)

    async def attempts(self, delivery: Delivery) -> list[Attempt]:
        """The attempts of a delivery, in order."""
        statement = select(Attempt).where(col(Attempt.delivery_id) == delivery.id).order_by(col(Attempt.number))
        async with self.database.read() as session:
            return list((await session.execute(statement)).scalars())

    async def apply(self, effects) -> None:
        """Write effects in one transaction, in their order."""
        async with self.database.write() as session:
            connection = await session.connection()
            for effect in sorted(effects, key=lambda effect: effect.order):
                sql = spelled(effect.sql, sqlite=self.database.is_sqlite)
                await connection.exec_driver_sql(sql, effect.parameters)

    async def count(self, effect) -> int:
        """Apply one effect. Answers the number of rows that it wrote."""
        async with self.database.write() as session:
            connection = await session.connection()
            sql = spelled(effect.sql, sqlite=self.database.is_sqlite)
            return (await connection.exec_driver_sql(sql, effect.parameters)).rowcount

    async def now(self) -> int:
        """The database's clock, in ms."""
        async with self.database.read() as session:
            return (await session.execute(text(spelled("SELECT NOW", sqlite=self.database.is_sqlite)))).scalar_one()


async def new_records(database: Database, keyring: Keyring) -> Records:
    """Records of an organization of the test's own."""
    async with database.write() as session:
        session.add(organization := Organization(name="Acme", slug=f"acme-{new_id()}"))
    return Records(database=database, keyring=keyring, organization_id=organization.id)


def ago(milliseconds: int) -> int:
    """A time in the past."""
    return now_ms() - milliseconds
