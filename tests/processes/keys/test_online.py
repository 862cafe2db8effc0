"""Two servers go on while keys rotate, and no call fails."""

from __future__ import annotations

from contextlib import AsyncExitStack

from models.database import Database
from tests.harness.backends import both
from tests.keys.calls import AT_ONCE, LATE, SECRET, SIGNED, Load, connect, followed, new_shop
from tests.keys.operating import Operated
from tests.keys.sealed import seal_connections, versions

MANY = 1200


@both
async def test_no_call_fails_while_keys_rotate(operated: Operated, beside: Database, upstream) -> None:
    operated.settings["pace"] = LATE
    await seal_connections(beside, operated.keyring, MANY)
    async with AsyncExitStack() as stack:
        one, other = [await stack.enter_async_context(operated.client(await operated.serve())) for _ in range(2)]
        shop, before = await new_shop(one, upstream.url), await one.query(SIGNED)

        async with Load().on(shop, shop.by(other)) as load:
            rotated = await operated.run("keys", "rotate")
            for client in (one, other):
                await followed(client, before)
                await connect(client)
            await load.more(2 * AT_ONCE)
            sealed = await versions(beside)
            removed = await operated.run("keys", "remove", "1")
            await load.more(2 * AT_ONCE)

    assert load.failed == []
    assert (rotated.code, removed.code) == (0, 0)
    assert sealed == {2: MANY + 4}, "the two connections made afterwards, the shop's own, and its installation"
    assert {tuple(request.header("authorization")) for request in upstream.requests} == {(f"Bearer {SECRET}",)}
    assert len(upstream.requests) == load.done
