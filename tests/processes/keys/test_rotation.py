"""`keys rotate` killed, and run twice at once: every secret opens afterwards."""

from __future__ import annotations

import asyncio
import random

from models.database import Database
from tests.harness.backends import both
from tests.keys.operating import Operated
from tests.keys.sealed import readable, seal_connections, sealed_with, versions

pytestmark = both

MANY = 2000
KILLS = 3


async def test_goes_on_after_a_kill_wherever_it_was(operated: Operated, beside: Database) -> None:
    await seal_connections(beside, operated.keyring, MANY)
    seen = []

    for least in sorted(random.sample(range(1, MANY // 2), KILLS)):
        rotation = operated.start("cli.py", "keys", "rotate")
        while await sealed_with(beside, 2) < least and rotation.running:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        rotation.kill()
        await rotation.ended()
        seen.append(await readable(beside, operated.keyring))
    done = await operated.run("keys", "rotate")

    assert seen == [MANY] * KILLS, "after each kill every row opens"
    assert (done.code, done.err) == (0, "")
    assert await versions(beside) == {2: MANY}, "what was begun goes on with its key"
    assert await readable(beside, operated.keyring) == MANY


async def test_rotations_at_once_end_with_every_row_readable(operated: Operated, beside: Database) -> None:
    await seal_connections(beside, operated.keyring, MANY)

    done = await asyncio.gather(*(operated.run("keys", "rotate") for _ in range(2)))

    assert await readable(beside, operated.keyring) == MANY
    newest = operated.keyring.versions[-1]
    assert await versions(beside) == {newest: MANY}
    assert 0 in [one.code for one in done]
