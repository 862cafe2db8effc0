"""The run of a rotation: begin to seal with a key, seal older secrets with it, open all of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from models.errors import SecretUnreadable
from models.secret_place import SecretPlace
from models.tables import metadata
from resolvers.caller import Caller
from resolvers.rotation.columns import SecretColumn, secret_columns
from resolvers.rotation.mutations import begin_sealing, record_unreadable
from resolvers.rotation.rows import Envelope, Replacement, SecretRows, secret_rows

_MOST_SWEEPS: Final = 20
_PAUSE_SECONDS: Final = 0.25
#: Progress callback: how many more rows are done.
Advance = Callable[[int], None]


@asynccontextmanager
async def rotating(caller: Caller, version: int) -> AsyncIterator[Rotation]:
    """Make every process seal with this key, and start a run. Raises Conflict, NotFound, Unavailable."""
    await begin_sealing(caller, version)
    caller.hub.keyring.seal_with(version)
    async with secret_rows(caller.hub.database) as rows:
        yield Rotation(caller, rows, version)


class Rotation:
    """A run. It may be interrupted at any moment; the next run continues with the rest.

    Secrets that do not open stay unchanged. They are listed in `unreadable` and audited in their organizations.
    """

    def __init__(self, caller: Caller, rows: SecretRows, version: int) -> None:
        self.version = version
        self.resealed = self.checked = 0
        self.seconds = 0.0  # spent on sealing, without the waits
        self.unreadable: list[SecretPlace] = []
        self._caller, self._rows, self._keyring = caller, rows, caller.hub.keyring
        self._columns = secret_columns(metadata)
        self._began = time.monotonic()

    async def reseal(self, advance: Advance) -> int:
        """Sweep until no older secret is found and every process has had the time to follow.

        Answers how many the last sweep found: not 0 if older keys still seal as fast as the sweeps go.
        """
        for _ in range(_MOST_SWEEPS):
            wait = self._began + self._caller.hub.pace.key_follow - time.monotonic()
            found = await self._sweep(advance)
            if not found and wait <= 0:
                return 0
            await asyncio.sleep(_PAUSE_SECONDS if found else wait)
        return found

    async def check(self, advance: Advance) -> None:
        """Open every secret, with the key that sealed it."""
        for column in self._columns:
            async for batch in self._rows.walk(column, below=None):
                for envelope in batch:
                    await self._opened(column, envelope)
                self.checked += len(batch)
                advance(len(batch))

    async def _sweep(self, advance: Advance) -> int:
        found, started = 0, time.monotonic()
        for column in self._columns:
            async for batch in self._rows.walk(column, below=self.version):
                renewed = await self._renewed(column, batch)
                resealed = await self._rows.replace(column, renewed)
                self.resealed += resealed
                found += len(renewed)
                advance(resealed)
        self.seconds += time.monotonic() - started if found else 0.0
        return found

    async def _renewed(self, column: SecretColumn, batch: Sequence[Envelope]) -> Sequence[Replacement]:
        renewed = []
        for one in batch:
            plaintext = await self._opened(column, one)
            if plaintext is not None:
                new = self._keyring.seal(plaintext, column.place(one.row_id, one.organization_id, one.origins))
                renewed.append(Replacement(row_id=one.row_id, old=one.sealed, new=new))
        return renewed

    async def _opened(self, column: SecretColumn, envelope: Envelope) -> bytes | None:
        place = column.place(envelope.row_id, envelope.organization_id, envelope.origins)
        try:
            return self._keyring.open(envelope.sealed, place)
        except SecretUnreadable:
            if place not in self.unreadable:
                await self._note(place)
            return None

    async def _note(self, place: SecretPlace) -> None:
        self.unreadable.append(place)
        await record_unreadable(self._caller, place)
