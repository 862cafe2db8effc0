"""Calls that go on while keys change, and the sign that a process follows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import httpx

from tests.harness.acting import act
from tests.harness.calling import App, app, capability
from tests.harness.graphql import GraphQL
from tests.harness.waiting import eventually

SECRET: Final = "shelf-secret-of-the-vendor"
AT_ONCE: Final = 2
#: A rotation is over before most processes have looked which key seals.
LATE: Final = '{"key_look": 1.2, "key_follow": 0.1}'
#: A query for a cursor, which is another one as soon as the process seals with another key.
SIGNED: Final = "{ principals(first: 1) { pageInfo { endCursor } } }"
_GET: Final = capability("GET", "GET", "/ok")


class Load:
    """Dispatches that follow each other until told to stop. What failed is kept."""

    def __init__(self) -> None:
        self.done = 0
        self.failed: list[object] = []
        self._stopped = False

    @asynccontextmanager
    async def on(self, *shops: App) -> AsyncIterator[Load]:
        tasks = [asyncio.create_task(self._call(shop)) for shop in shops for _ in range(AT_ONCE)]
        await self.more(len(tasks))
        try:
            yield self
        finally:
            self._stopped = True
            await asyncio.gather(*tasks)

    async def more(self, count: int) -> None:
        """Wait for so many calls more."""
        until = self.done + count
        while self.done < until:  # noqa: ASYNC110  each look is one of a loop that others move
            await asyncio.sleep(0.01)

    async def _call(self, shop: App) -> None:
        while not self._stopped:
            try:
                ended = await shop.run("GET")
            except (AssertionError, httpx.HTTPError) as failure:
                self.failed.append(failure)
            else:
                if ended["dispatch"]["outcome"] != "SUCCEEDED":
                    self.failed.append(ended)
            self.done += 1


async def new_shop(client: GraphQL, url: str) -> App:
    """An app whose calls carry a shared secret."""
    return await app(client, url, _GET, mode="SHARED", auth={"type": "BEARER"}, secret={"bearerToken": SECRET})


async def connect(client: GraphQL) -> None:
    """Store the secret once more."""
    given = {"name": "Another", "mode": "SHARED", "secret": {"bearerToken": SECRET}}
    await act(client, "createConnection", given, "id")


async def followed(client: GraphQL, before: object) -> None:
    """Once the process seals with another key than it did."""

    async def signs_anew() -> bool:
        return await client.query(SIGNED) != before

    await eventually(signs_anew)
