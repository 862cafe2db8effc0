"""Every process asks each second which master key seals, so that all of them seal with the same."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from models.errors import Unavailable
from resolvers.caller import Caller, Hub
from resolvers.mutations.master_key import admit_keys

_log = logging.getLogger("patchbay.keys")
_EVERY_SECONDS: Final = 1.0
#: By when a process that is well seals with the key that was begun, and what it sealed before is kept.
SECONDS_TO_FOLLOW: Final = 3.0
_SEALING: Final = "SELECT max(version) FROM master_key WHERE sealing_since IS NOT NULL"


@asynccontextmanager
async def following_keys(hub: Hub) -> AsyncIterator[None]:
    """Check this process's keys, seal with the one that all do, and go on following.

    Raises Conflict, in a sentence for the operator, where a key is missing or wrong.
    """
    hub.keyring.seal_with(await admit_keys(Caller.operator(hub)))
    following = asyncio.create_task(_follow(hub), name="following keys")
    try:
        yield
    finally:
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await following


async def _follow(hub: Hub) -> None:
    missing = 0
    while True:
        await asyncio.sleep(_EVERY_SECONDS)
        try:
            version = await _sealing(hub)
        except Unavailable:
            continue  # whoever cannot reach the database seals nothing either
        except Exception:  # noqa: BLE001  a run loop outlives what goes wrong in it
            _log.exception("It could not be read which master key seals")
            continue
        if version in {hub.keyring.current, missing} or hub.keyring.seal_with(version):
            continue
        missing = version
        _log.error("Master key %d seals now, and this process does not have it", version)


async def _sealing(hub: Hub) -> int:
    ((version,),) = await hub.database.reader.fetch(_SEALING, [])
    return int(version)
