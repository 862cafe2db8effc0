"""A server that is killed over and over under load loses nothing that it has acknowledged, and does nothing twice."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import count

import httpx
from sqlalchemy import select
from sqlmodel import col

from models.database import Database
from models.tables import Event
from tests.harness.backends import both
from tests.harness.installed import Installed
from tests.harness.server import PLAIN_HTTP, ServerProcess

KILLS = 3  # on each of the two databases
WRITERS = 12
PREPARE = """mutation {
    createIntegration(input: { name: "Shop" }) { ... on IntegrationPayload { integration { id } } } }"""
DECLARE = """mutation($id: ID!) {
    declareEventTypes(input: { integrationId: $id, eventTypes: [{ name: "SHOP.SOLD" }] }) { __typename } }"""
EMIT = """mutation($id: ID!, $key: String!) {
    emitEvent(input: { integration: { id: $id }, type: "SOLD", entityId: $key, idempotencyKey: $key }) {
        ... on EventPayload { event { databaseId } } ... on Problem { code } } }"""


class Load:
    """Writers that say each thing until it is acknowledged, however often the server is gone meanwhile."""

    def __init__(self, installed: Installed, process: ServerProcess, app: str) -> None:
        self._headers = {"Authorization": f"Bearer {installed.token}"}
        self._url = f"{process.url}/graphql"
        self._app = app
        self._numbers: Iterator[int] = count()
        self.acknowledged: dict[str, str] = {}
        self.over = False

    async def write(self) -> None:
        async with httpx.AsyncClient(headers=self._headers, timeout=60, **PLAIN_HTTP) as http:
            while not self.over:
                key = f"sale-{next(self._numbers)}"
                self.acknowledged[key] = await self._until_acknowledged(http, key)

    async def reached(self, count: int) -> None:
        async with asyncio.timeout(120):
            while len(self.acknowledged) < count:  # noqa: ASYNC110  the writers need not know who waits
                await asyncio.sleep(0.005)

    async def _until_acknowledged(self, http: httpx.AsyncClient, key: str) -> str:
        body = {"query": EMIT, "variables": {"id": self._app, "key": key}}
        while True:
            try:
                answer = (await http.post(self._url, json=body)).json()
            except httpx.TransportError:
                await asyncio.sleep(0.05)
            else:
                return str(answer["data"]["emitEvent"]["event"]["databaseId"])


@both
async def test_loses_nothing_acknowledged_and_does_nothing_twice(installed: Installed) -> None:
    process = installed.start()
    await installed.found()
    async with installed.client(process) as client:
        app = (await client.query(PREPARE))["createIntegration"]["integration"]["id"]
        await client.query(DECLARE, id=app)
    load = Load(installed, process, app)
    writers = [asyncio.create_task(load.write()) for _ in range(WRITERS)]

    for number in range(KILLS):
        await load.reached(len(load.acknowledged) + 10 + 7 * number)
        process.kill()
        await asyncio.to_thread(process.start)
    load.over = True
    await asyncio.gather(*writers)

    database = Database(str(installed.settings["database_url"]))
    async with database.read() as session:
        said = select(col(Event.entity_id), col(Event.id)).where(col(Event.entity_id).startswith("sale-"))
        kept = [(key, event_id) for key, event_id in await session.execute(said)]
        numbered = select(col(Event.sequence)).order_by(col(Event.sequence))
        numbers = list((await session.execute(numbered)).scalars())
    await database.close()
    assert sorted(kept) == sorted(load.acknowledged.items())
    assert numbers == list(range(1, len(numbers) + 1))
