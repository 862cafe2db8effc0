"""A connection of HTTP/1.1 as a client: one exchange at a time, with back pressure in both directions (RFC 9112)."""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable
from typing import Final, cast

from proxy.answer_reader import AnswerReader, AnswerTooLarge, BrokenAnswer
from proxy.inflight import Share

_SLICE: Final = 128 * 1024
#: Bytes of a streaming answer that nobody has taken yet, beyond which no more are read.
_MOST_WAITING: Final = 128 * 1024


class Unanswered(ConnectionResetError):
    """The connection ended before a byte of the answer came."""


class Connection(asyncio.Protocol):
    """A connection to an origin. `exchange` may be called again while it is `reusable`.

    `idle_since`: the loop's time of the last exchange's end.
    """

    def __init__(self) -> None:
        self.is_open = False
        self.reusable = False
        self.idle_since = 0.0
        self._reader: AnswerReader | None = None
        self._answered: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._counted = 0
        self._written = False
        self._paused = False

    async def exchange(self, head: bytes, body: bytes, reader: AnswerReader, share: Share) -> None:
        """Send a request and read its answer into `reader`; the answer's bytes are counted in `share`.

        Returns at its end, or as soon as the answer `is_streaming`: then `more` brings its body, until `finish`.
        Raises BrokenAnswer, AnswerTooLarge, and OSError if the connection broke: Unanswered before the first byte. A
        failed or cancelled exchange closes the connection, and so does an answer that came before the whole request
        was written.
        """
        if not self.is_open:
            raise Unanswered("closed before the request")
        self.reusable = self._written = False
        self._counted = 0
        self._reader, self._share = reader, share
        answered = self._answered = asyncio.get_running_loop().create_future()
        goes_on = False
        try:
            await self._write(head, body, answered)
            await self._come(lambda: reader.is_streaming)
            if answered.done() and not reader.is_excerpt:
                answered.result()
            goes_on = reader.is_streaming
        finally:
            if not goes_on:
                self.finish()

    async def more(self) -> bytes:
        """The next part of an answer that is streaming, empty at its end. Raises as `exchange`."""
        reader = self._reader
        if reader is None:
            raise ConnectionResetError("closed before the end of the answer")
        await self._come(lambda: reader.waiting > 0)
        piece = reader.take()
        self._share.give(len(piece))
        if not self._share.waits:
            self._read_on()
        return piece

    def finish(self) -> None:
        """End the exchange. The connection stays open if the answer was read to its end and allows it."""
        reader, answered = self._reader, self._answered
        if reader is None or answered is None:
            return
        ended_well = answered.done() and not answered.cancelled() and answered.exception() is None
        self.reusable = ended_well and self._written and reader.keeps_open and self.is_open
        reader.release()
        self._reader = self._answered = self._drained = self._waiter = None
        if not self.reusable:
            self.close()

    def is_quiet(self) -> bool:
        """Whether nothing waits to be read: no end, and no bytes that nobody asked for."""
        return self.is_open and not self._poll.poll(0)

    def close(self) -> None:
        """Close at once; unsent bytes are dropped."""
        if self.is_open:
            self.is_open = self.reusable = False
            self._transport.abort()

    # Called by asyncio.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the transport."""
        self._transport = cast("asyncio.Transport", transport)
        self._poll = select.poll()
        self._poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        """Read on, and stop reading while the organization has no room for more. Unasked bytes close."""
        reader, answered = self._reader, self._answered
        if reader is None or answered is None or answered.done():
            self.close()
            return
        try:
            reader.feed(data)
        except (BrokenAnswer, AnswerTooLarge) as error:
            self._settle(error)
            return
        if reader.complete:
            self._settle(None)
        size, self._counted = reader.size - self._counted, reader.size
        if size and not self._share.take(size) and not reader.complete:
            self._transport.pause_reading()
            self._share.when_room(self._read_on)
        elif self._written and reader.is_streaming and reader.waiting > _MOST_WAITING and not reader.complete:
            self._transport.pause_reading()
        if reader.is_streaming:
            _wake(self._waiter)
            if reader.is_excerpt:  # its head is the answer, also to a request that is not wholly taken
                _wake(self._drained)

    def pause_writing(self) -> None:
        """The other side does not take the request as fast as it is written."""
        self._paused = True

    def resume_writing(self) -> None:
        """It has taken enough for more."""
        self._paused = False
        _wake(self._drained)

    def connection_lost(self, error: Exception | None) -> None:
        """End an answer that ends with its connection; any other one is cut."""
        self.is_open = False
        reader = self._reader
        if reader is None:
            return
        if not reader.begun:
            self._settle(Unanswered("closed before an answer"))
            return
        if error is not None:
            self._settle(error if isinstance(error, OSError) else ConnectionResetError("closed within an answer"))
            return
        try:
            reader.end()
        except BrokenAnswer as cut:
            self._settle(cut)
        else:
            self._settle(None)

    async def _write(self, head: bytes, body: bytes, answered: asyncio.Future[None]) -> None:
        """Write the request, large bodies in slices; stop at a complete answer."""
        if len(body) <= _SLICE:
            self._transport.write(head + body)
            self._written = True
            return
        self._transport.write(head)
        view = memoryview(body)
        for start in range(0, len(body), _SLICE):
            await self._drain()
            if answered.done() or self._has_excerpt():
                return
            self._transport.write(view[start : start + _SLICE])
        self._written = True

    async def _drain(self) -> None:
        """Let others run; wait while writing is paused, and no longer than for the answer."""
        await asyncio.sleep(0)
        if self._paused and self._answered is not None and not self._answered.done() and not self._has_excerpt():
            self._drained = asyncio.get_running_loop().create_future()
            await self._drained

    def _has_excerpt(self) -> bool:
        return self._reader is not None and self._reader.is_excerpt and self._reader.is_streaming

    async def _come(self, has_come: Callable[[], bool]) -> None:
        """Wait until it has come, or the answer has ended. Raises the answer's failure if it will not come."""
        answered = self._answered
        assert answered is not None  # noqa: S101  there is an exchange
        while not has_come() and not answered.done():
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        if not has_come():
            answered.result()

    def _settle(self, error: Exception | None) -> None:
        answered = self._answered
        if answered is None or answered.done():
            return
        if error is not None:
            answered.set_exception(error)
        else:
            self._written = self._written and not self._transport.get_write_buffer_size()
            answered.set_result(None)
        _wake(self._drained)
        _wake(self._waiter)

    def _read_on(self) -> None:
        if self.is_open:
            self._transport.resume_reading()


def _wake(future: asyncio.Future[None] | None) -> None:
    if future is not None and not future.done():
        future.set_result(None)
