"""A rotation looks once more when every process has had the time to seal with its key."""

from __future__ import annotations

import time

from models.database import Database
from models.key_file import KeyFile
from models.secret import Keyring
from resolvers.rotation.ring import add_key
from resolvers.rotation.rotate import rotating
from tests.harness.server import RunningHub
from tests.keys.operating import Operated
from tests.keys.sealed import seal_connections


async def test_looks_again_when_all_have_had_the_time_to_follow(operated: Operated, beside: Database) -> None:
    unreadable = Keyring.parse(Keyring.generate(1))
    await seal_connections(beside, unreadable, 1)  # every look meets it, and none seals it anew
    looks: list[float] = []

    async with operated.operator() as operator:
        version = await add_key(operator, KeyFile(operated.key_file))
        began = time.monotonic()
        async with rotating(operator, version) as rotation:
            left = await rotation.reseal(lambda _: looks.append(time.monotonic()))

    assert looks[-1] - began >= operator.hub.pace.key_follow
    assert (left, rotation.resealed) == (0, 0)


async def test_a_process_usually_looks_twice_in_that_time(hub: RunningHub) -> None:
    usual = hub.app.state.hub.pace

    assert (usual.key_look, usual.key_follow) == (1.0, 3.0)
    assert usual.key_look * 2 < usual.key_follow
