"""Servers go on while keys rotate: no call fails, new secrets follow the new key, cursors hold."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx

from models.database import Database
from models.secret import Keyring
from tests.harness.acting import act
from tests.harness.calling import App, app, capability
from tests.harness.graphql import GraphQL, GraphQLFailed
from tests.harness.waiting import eventually
from tests.keys.operating import Operated
from tests.keys.sealed import seal_connections, versions

SECRET = "shelf-secret-of-the-vendor"
GET = capability("GET", "GET", "/ok")
MANY = 3000
PAGE = "query($after: String) { events(first: 1, after: $after) { nodes { id } pageInfo { endCursor } } }"
AT_ONCE = 2
#: What is signed with another key as soon as a process seals with another one.
SIGNED = "{ principals(first: 1) { pageInfo { endCursor } } }"


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


async def test_no_call_fails_while_keys_rotate(operated: Operated, beside: Database, upstream) -> None:
    await seal_connections(beside, operated.keyring, MANY)
    async with AsyncExitStack() as stack:
        one, other = [await stack.enter_async_context(operated.client(await operated.serve())) for _ in range(2)]
        shop, before = await _shop(one, upstream.url), await one.query(SIGNED)

        async with Load().on(shop, shop.by(other)) as load:
            rotated = await operated.run("keys", "rotate")
            for client in (one, other):
                await _followed(client, before)
                await _connect(client)
            await load.more(2 * AT_ONCE)
            sealed = await versions(beside)
            removed = await operated.run("keys", "remove", "1")
            await load.more(2 * AT_ONCE)

    assert load.failed == []
    assert (rotated.code, removed.code) == (0, 0)
    assert sealed == {2: MANY + 4}, "the two connections made afterwards, the shop's own, and its installation"
    assert {tuple(request.header("authorization")) for request in upstream.requests} == {(f"Bearer {SECRET}",)}
    assert len(upstream.requests) == load.done


async def test_cursors_hold_until_their_key_is_removed(operated: Operated) -> None:
    first = await operated.serve()
    async with operated.client(first) as client:
        for name in ("A", "B", "C"):
            await _event(client, name)
        cursor = (await client.query(PAGE))["events"]["pageInfo"]["endCursor"]
        before = await client.query(SIGNED)
        await operated.must("keys", "rotate")
        await _followed(client, before)
        expected = (await client.query(PAGE, after=cursor))["events"]
    second = await operated.serve()

    async with operated.client(second) as client:
        kept = (await client.query(PAGE, after=cursor))["events"]
    await operated.must("keys", "remove", "1")

    async with operated.client(second) as client:
        codes = await eventually(lambda: _refusal(client, cursor))
        newer = (await client.query(PAGE, after=expected["pageInfo"]["endCursor"]))["events"]
    assert len(expected["nodes"]) == 1
    assert kept == expected
    assert codes == ["INVALID_INPUT"], "a process that runs forgets a removed key"
    assert len(newer["nodes"]) == 1, "what was given out after the rotation holds"


async def test_a_machine_with_a_copy_of_the_key_goes_on(operated: Operated, beside: Database, upstream) -> None:
    elsewhere = operated.home.with_name("elsewhere")
    elsewhere.mkdir()
    (elsewhere / "master.key").write_text(operated.key_file.read_text())
    async with operated.client(await operated.serve(elsewhere)) as client:
        shop, before = await _shop(client, upstream.url), await client.query(SIGNED)

        async with Load().on(shop) as load:
            await operated.must("keys", "add")
            (elsewhere / "master.key").write_text(operated.key_file.read_text())
            await operated.must("keys", "rotate")
            await _followed(client, before)
            await _connect(client)
            await load.more(2 * AT_ONCE)

    assert load.failed == []
    assert await versions(beside) == {2: 3}


async def test_keys_in_a_variable_are_the_operators_to_change(operated: Operated, beside: Database, upstream) -> None:
    old = operated.key_file.read_text()
    first = await operated.serve(master_keys=old)
    refused = await operated.run("keys", "rotate", master_keys=old)
    line = await operated.must("keys", "add", master_keys=old)
    both = old + line
    restarted = await operated.serve(master_keys=both)

    async with operated.client(restarted) as knows, operated.client(first) as knows_not:
        shop = await _shop(knows, upstream.url)
        early = await shop.by(knows_not).run("GET")
        before = await versions(beside)
    first.terminate()
    again = await operated.serve(master_keys=both)
    async with operated.client(again) as client, Load().on(shop.by(client)) as load:
        rotated = await operated.run("keys", "rotate", master_keys=both)

    assert refused.code == 1
    assert "`keys add` prints a line: put it beside the others there, restart every process" in refused.err
    assert early["dispatch"]["outcome"] == "SUCCEEDED"
    assert before == {1: 2}, "who knows the new key does not seal with it before all do"
    assert (rotated.code, load.failed) == (0, [])
    assert await versions(beside) == {2: 2}
    assert Keyring.parse(both).versions == (1, 2)
    assert operated.key_file.read_text() == old


async def _shop(client: GraphQL, url: str) -> App:
    return await app(client, url, GET, mode="SHARED", auth={"type": "BEARER"}, secret={"bearerToken": SECRET})


async def _connect(client: GraphQL) -> None:
    given = {"name": "Another", "mode": "SHARED", "secret": {"bearerToken": SECRET}}
    await act(client, "createConnection", given, "id")


async def _followed(client: GraphQL, before: object) -> None:
    """Once the process seals with another key than it did."""

    async def signs_anew() -> bool:
        return await client.query(SIGNED) != before

    await eventually(signs_anew)


async def _refusal(client: GraphQL, cursor: str) -> list[str]:
    """The codes of the errors of a cursor that holds no more; none where it holds."""
    try:
        await client.query(PAGE, after=cursor)
    except GraphQLFailed as refused:
        return refused.codes
    return []


async def _event(client: GraphQL, name: str) -> None:
    made = await app(client, "http://127.0.0.1:9", name=name)
    happened = {"name": f"{made.handler}.HAPPENED"}
    await act(client, "declareEventTypes", {"integrationId": made.id, "eventTypes": [happened]}, "id")
    await act(
        client, "emitEvent", {"integration": {"id": made.id}, "type": "HAPPENED", "payload": {}}, "event { id }"
    )
