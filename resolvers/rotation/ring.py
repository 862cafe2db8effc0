"""Add and remove keys: every process has a new key before it seals; an old key stays while a secret needs it."""

from __future__ import annotations

from models.key_file import KeyFile
from resolvers.caller import Caller
from resolvers.rotation.counts import count_secrets, older_than
from resolvers.rotation.mutations import admit_keys, retire_key
from resolvers.rotation.queries import list_keys


async def next_version(caller: Caller) -> int:
    """A version that no key has or ever had. Raises Conflict."""
    await admit_keys(caller)
    return 1 + max(caller.hub.keyring.versions[-1], *(key.version for key in await list_keys(caller)))


async def add_key(caller: Caller, file: KeyFile) -> int:
    """Add a new key to the file. It does not seal yet. Answers its version. Raises Conflict, ValueError."""
    version = file.add(above=await next_version(caller) - 1)
    caller.hub.keyring.renew()
    await admit_keys(caller)
    return version


async def find_unfinished(caller: Caller) -> int | None:
    """The newest key if its rotation is not complete; else None. Raises Conflict."""
    await admit_keys(caller)
    newest = caller.hub.keyring.versions[-1]
    finished = any(key.completed_at for key in await list_keys(caller) if key.version == newest)
    return None if finished and not older_than(newest, await count_secrets(caller.hub)) else newest


async def remove_key(caller: Caller, version: int, file: KeyFile | None) -> bool:
    """Remove a key for good. Answers whether it was in the file.

    Raises Conflict if it seals, or if a stored secret is sealed with it; NotFound, ValueError.
    """
    await retire_key(caller, version)
    return file is not None and file.remove(version)
