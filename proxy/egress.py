"""The HTTP client for outbound calls: guarded, limited in time, size and number, without cookies or redirects."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Hashable
from contextlib import ExitStack
from types import TracebackType
from typing import Final, Self

from models.errors import TooMany, UpstreamFailed, UpstreamTimeout
from proxy.dialing import Dialer, NotConnected
from proxy.excerpt import receive_excerpt
from proxy.guard import EgressPolicy
from proxy.http1 import Connection
from proxy.inflight import Inflight, Share
from proxy.lanes import Lanes
from proxy.message import Answer, OutboundRequest
from proxy.names import Names, Resolve, SystemResolver
from proxy.pool import Pool
from proxy.receiving import receive, was_unanswered
from proxy.request_head import head_of
from proxy.retry import RETRY_SECONDS
from proxy.streaming import Streamed, StreamLimits
from proxy.target import Origin, target_of

MAX_ANSWER_BYTES: Final = 10 * 1024 * 1024
MAX_INFLIGHT_BYTES: Final = 32 * 1024 * 1024
#: Node.js, uvicorn and Apache close a connection after 5 idle seconds. A call sent at that moment fails, and nobody
#: knows whether it was executed.
IDLE_SECONDS: Final = 4.0
_MOST_ADDRESSES: Final = 8
_STREAM_LIMITS: Final = StreamLimits()


class Egress:
    """Sends requests to addresses that the policy allows. An async context manager, which owns a pool of connections.

    `connect_timeout`: seconds for name look-up, TCP and TLS. `max_answer_bytes`: after decompression. `per_host`:
    calls of one lane to one address and port that run at once; `queue_per_host` more wait, within their own time.
    `max_inflight_bytes`: bytes of answers that one lane receives at once. `idle_seconds`: time that a connection of
    pooled calls is kept. `retry_seconds`: the wait of `call` before the second try. `stream_limits`: those of answers
    that are handed over before their end. `resolve` replaces the system's name look-up, `tls` the system's trusted
    certificates.
    """

    def __init__(
        self,
        policy: EgressPolicy,
        *,
        connect_timeout: float = 5.0,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        max_inflight_bytes: int = MAX_INFLIGHT_BYTES,
        per_host: int = 20,
        queue_per_host: int = 200,
        idle_seconds: float = IDLE_SECONDS,
        retry_seconds: float = RETRY_SECONDS,
        stream_limits: StreamLimits = _STREAM_LIMITS,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.policy = policy
        self.retry_seconds = retry_seconds
        self._connect_seconds = connect_timeout
        self._stream_limits = stream_limits
        self._max_answer_bytes = max_answer_bytes
        self._lanes = Lanes(per_host, queue_per_host)
        self._inflight = Inflight(max_inflight_bytes)
        self._pool = Pool(idle_seconds)
        self._system_resolver = SystemResolver()
        self._names = Names(resolve or self._system_resolver)
        self._dialer = Dialer(policy, self._names, tls or _system_tls())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.close()
        self._names.close()
        self._system_resolver.close()
        await asyncio.sleep(0)  # sockets of closed connections are closed in the loop's next turn

    async def send(self, request: OutboundRequest, *, within: float | None = None) -> Answer:
        """One try within `within` seconds, or the request's own time, including the answer's body.

        Of an answer with a `rest`, only its beginning has come by then; close the rest in any case.

        Raises UpstreamFailed, UpstreamTimeout, UpstreamBlocked; TooMany if the lane stays full; InvalidInput for a
        header or body that cannot be sent. No message names an address.
        """
        origin, rest = target_of(request.url)
        sending = _Sending(request, origin, head_of(request, origin, rest), self._inflight.share(request.lane))
        kept = 0
        with sending.held:
            sending.held.callback(lambda: sending.share.keep(kept))
            answer = await self._in_time(sending, request.timeout_seconds if within is None else within)
            kept = len(answer.body)
            if isinstance(answer.rest, Streamed):
                answer.rest.owns(sending.held.pop_all())
        return answer

    def longest_seconds(self, request: OutboundRequest) -> float:
        """The longest time between the request and the last byte of its answer."""
        return request.timeout_seconds + (self._stream_limits.whole if request.streams else 0)

    async def _in_time(self, sending: _Sending, seconds: float) -> Answer:
        if sending.share.is_beyond:
            message = f"The answers to this request fill {self._inflight.limit} bytes; make fewer calls in a request."
            raise TooMany(message)
        try:
            async with asyncio.timeout(seconds) as sending.limit:
                return await self._send(sending)
        except TimeoutError as error:
            raise self._late(sending) from error

    async def _send(self, sending: _Sending) -> Answer:
        """Try the addresses of the host in turn until one accepts the connection; each has a lane of its own."""
        loop, origin = asyncio.get_running_loop(), sending.origin
        began = loop.time()
        found = await self._dialer.addresses(origin, self._connect_seconds, lane=sending.request.lane)
        addresses = found[:_MOST_ADDRESSES]
        seconds = self._connect_seconds - (loop.time() - began)
        refusal: NotConnected | None = None
        for tried, address in enumerate(addresses):
            await sending.enter(self._lanes, (sending.request.lane, address, origin.port))
            began = loop.time()
            try:
                return await self._call(sending, address, seconds / (len(addresses) - tried))
            except NotConnected as error:
                refusal = error
                seconds -= loop.time() - began
                sending.leave()
        assert refusal is not None  # noqa: S101  there is at least one address
        raise refusal.refusal from refusal

    async def _call(self, sending: _Sending, address: str, seconds: float) -> Answer:
        """One exchange, on a kept connection or within `seconds` on a new one; a stale one may be replaced once."""
        kept = self._pool.take(sending.key(address)) if sending.request.pooled else None
        if kept is not None:
            try:
                return await self._exchange(sending, kept, address)
            except UpstreamFailed as error:
                if not sending.request.repeats_stale or not was_unanswered(error):
                    raise
        connection = await self._dialer.connect(sending.origin, address, max(seconds, 0.0))
        return await self._exchange(sending, connection, address)

    async def _exchange(self, sending: _Sending, connection: Connection, address: str) -> Answer:
        sending.held.callback(self._put_back, sending, connection, address)
        request, head, share = sending.request, sending.head, sending.share
        if request.excerpt is not None:
            return await receive_excerpt(connection, request, head, request.excerpt, share=share, limit=sending.limit)
        most = request.max_answer_bytes or self._max_answer_bytes
        return await receive(connection, request, head, most=most, share=share, limits=self._stream_limits)

    def _put_back(self, sending: _Sending, connection: Connection, address: str) -> None:
        if sending.request.pooled:
            self._pool.give(sending.key(address), connection)
        else:
            connection.close()

    def _late(self, sending: _Sending) -> TooMany | UpstreamFailed:
        if sending.queues:
            message = "Other calls to this host took all the time; run fewer at once."
            return TooMany(message, retry_after_seconds=1)
        if sending.share.waits:
            return UpstreamTimeout(
                "The answer was not read in time, because other answers of the organization filled the"
                f" {self._inflight.limit} bytes for answers; run fewer large calls at once."
            )
        return UpstreamTimeout("The remote service did not answer in time.")


class _Sending:
    """One call on its way. `queues`: it waits in a lane, so nothing was sent. `held`: given back at its end.

    `limit`: its time.
    """

    __slots__ = ("_place", "head", "held", "limit", "origin", "queues", "request", "share")

    limit: asyncio.Timeout

    def __init__(self, request: OutboundRequest, origin: Origin, head: bytes, share: Share) -> None:
        self.request = request
        self.origin = origin
        self.head = head
        self.share = share
        self.queues = False
        self.held = ExitStack()

    def key(self, address: str) -> Hashable:
        """All that calls on one connection have in common."""
        return (self.request.lane, self.request.credential, self.origin, address)

    async def enter(self, lanes: Lanes, place: Hashable) -> None:
        """Take a place in a lane, until `leave` or the end; none for calls that are limited elsewhere."""
        self._place = self.held.enter_context(ExitStack())
        if self.request.gated:
            return
        self.queues = True
        await lanes.enter(place)
        self.queues = False
        self._place.callback(lanes.leave, place)

    def leave(self) -> None:
        """Give the place in the lane back: the address did not answer."""
        self._place.close()


def _system_tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
