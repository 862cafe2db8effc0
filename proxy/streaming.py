"""The rest of an answer that is passed on while it comes: decoded in pieces, within times, closed in any case."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import Final

from models.errors import UpstreamTimeout
from proxy.coding import decoding_of
from proxy.http1 import Connection

#: As long as nginx waits by default; services that send events say something more often.
SILENT_SECONDS: Final = 60.0
STREAM_SECONDS: Final = 3600.0
_SILENT: Final = "The remote service sent nothing more of its answer for {:g} seconds."
_LONG: Final = "The answer did not end within {:g} seconds."


@dataclass(frozen=True, kw_only=True)
class StreamLimits:
    """Seconds: until the next bytes of an answer, and until its end."""

    silent: float = SILENT_SECONDS
    whole: float = STREAM_SECONDS


class Streamed:
    """The rest of an answer on a connection, as `proxy.message.Rest`: to be read once, and closed in any case.

    `codings`: at most one, which is undone; a list of them could make terabytes of nothing.
    `length`: bytes of the whole body, None if they are unknown or it is decoded.
    """

    def __init__(
        self,
        connection: Connection,
        codings: Sequence[str],
        length: int | None,
        limits: StreamLimits,
        in_words: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self.length = None if codings else length
        self._connection = connection
        self._decoding = decoding_of(codings[0]) if codings else None
        self._limits = limits
        self._in_words = in_words
        self._pieces = self._read()
        self._held = ExitStack()
        self._is_closed = False
        loop = asyncio.get_running_loop()
        self._ends_at = loop.time() + limits.whole
        self._timer = loop.call_at(self._ends_at, self._close)

    def owns(self, held: ExitStack) -> None:
        """Take over what the call holds; it is given back at the end."""
        self._held = held

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces

    async def aclose(self) -> None:
        """Give everything back; the connection is closed unless the answer was read to its end."""
        self._close()
        await self._pieces.aclose()

    async def _read(self) -> AsyncGenerator[bytes, None]:
        with self._in_words():
            while part := await self._next():
                for piece in [part] if self._decoding is None else self._decoding.feed(part):
                    yield piece
                    await asyncio.sleep(0)  # a client that is gone takes everything at once
            if self._decoding is not None:
                self._decoding.end()
        self._close()

    async def _next(self) -> bytes:
        loop = asyncio.get_running_loop()
        until = min(loop.time() + self._limits.silent, self._ends_at)
        if self._is_closed:
            raise ConnectionResetError("closed before the end of the answer")
        try:
            async with asyncio.timeout_at(until):
                return await self._connection.more()
        except TimeoutError as error:
            is_over = until == self._ends_at
            message = _LONG.format(self._limits.whole) if is_over else _SILENT.format(self._limits.silent)
            raise UpstreamTimeout(message) from error

    def _close(self) -> None:
        """Give everything back once: afterwards the connection belongs to another call."""
        if not self._is_closed:
            self._is_closed = True
            self._timer.cancel()
            self._connection.finish()
            self._held.close()
