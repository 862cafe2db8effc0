"""Following master keys: every process asks at intervals which key seals and which keys are removed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from models.errors import Unavailable
from resolvers.caller import Caller
from resolvers.hub import Hub
from resolvers.rotation.mutations import admit_keys

_log = logging.getLogger("patchbay.keys")
_KEYS: Final = "SELECT version, sealing_since, removed_at FROM master_key"


@dataclass(frozen=True, kw_only=True)
class _Standing:
    """The sealing key and the removed keys, as the database has them."""

    sealing: int
    removed: frozenset[int]


@asynccontextmanager
async def following_keys(hub: Hub) -> AsyncIterator[None]:
    """Check this process's keys, seal with the common one, and follow later changes; removed keys are forgotten.

    Raises Conflict, with a sentence for the operator, if a key is missing or wrong.
    """
    hub.keyring.seal_with(await admit_keys(Caller.of_hub(hub)))
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
        await asyncio.sleep(hub.pace.key_look)
        try:
            standing = await _standing(hub)
        except Unavailable:
            continue  # without the database, this process seals nothing either
        except Exception:  # noqa: BLE001  a run loop survives its errors
            _log.exception("The sealing master key could not be read")
            continue
        missing = _seal(hub, standing.sealing, missing)
        for version in hub.keyring.forget(standing.removed):
            _log.info("Master key %d was removed; this process no longer has it", version)


def _seal(hub: Hub, version: int, missing: int) -> int:
    """Seal with this key from now on. Answers the version of a missing key, which is logged once."""
    if version in {hub.keyring.current, missing} or hub.keyring.seal_with(version):
        return missing
    _log.error("Master key %d seals now, but this process does not have it; give it to this process", version)
    return version


async def _standing(hub: Hub) -> _Standing:
    rows = await hub.database.reader.fetch(_KEYS, [])
    return _Standing(
        sealing=max(version for version, sealing_since, _ in rows if sealing_since is not None),
        removed=frozenset(version for version, _, removed_at in rows if removed_at is not None),
    )
