"""An organization straight in the database, with webhooks and drafts of events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import SQLModel, col

from models.database import Database
from models.row import new_id, now_ms
from models.tables import Delivery, Event, Gate, Integration, Job, Organization, Webhook
from models.vocabulary import Source
from resolvers.emission.accept import Accepted, accept
from resolvers.emission.draft import Draft

#: Attempts of each delivery.
TRIES = 8


class Place:
    """An organization of the test's own."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.id = new_id()

    async def add(self, *rows: SQLModel) -> None:
        async with self.database.write() as session:
            for row in rows:
                session.add(row)
                await session.flush()

    async def webhook(self, **facts: Any) -> Webhook:
        given = {
            "organization_id": self.id,
            "name": "W",
            "url": "https://w.example/",
            "secrets": b"",
        }
        row = Webhook(**given | facts)
        await self.add(row)
        # Closed for good: a hub of another test over the same database would take the jobs.
        await self.add(Gate(id=row.id, organization_id=self.id, opens_at=None))
        return row

    async def integration(self, **facts: Any) -> Integration:
        word = new_id()
        names = {"handler": word.upper(), "slug": word, "name": "Shop", "name_key": "shop", "search_text": "shop"}
        row = Integration(organization_id=self.id, vendor="custom", **names | facts)
        await self.add(row)
        return row

    def draft(self, **facts: Any) -> Draft:
        given = {"organization_id": self.id, "type": "Shop.SOLD", "entity_id": "order 7", "data": {"total": 7}}
        return Draft(source=Source.GRAPHQL, **{"created_at": now_ms()} | given | facts)

    async def accept(self, *drafts: Draft) -> Sequence[Accepted]:
        async with self.database.write() as session:
            return await accept(session, drafts, tries=TRIES)

    async def rows(self, model: Any) -> list[Any]:
        async with self.database.read() as session:
            own = select(model).where(col(model.organization_id) == self.id).order_by(col(model.id))
            return list((await session.execute(own)).scalars())

    async def events(self) -> list[Event]:
        return sorted(await self.rows(Event), key=lambda event: event.sequence)

    async def deliveries(self) -> list[Delivery]:
        return await self.rows(Delivery)

    async def jobs(self) -> list[Job]:
        return await self.rows(Job)


@pytest.fixture
async def place(database: Database) -> Place:
    made = Place(database)
    await made.add(Organization(id=made.id, name="Emitting", slug=made.id))
    return made
