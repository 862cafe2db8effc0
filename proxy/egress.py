"""The HTTP client for outbound calls: guarded, limited in time, size and number, without cookies or redirects."""

from __future__ import annotations

import asyncio
import ssl
from io import BytesIO
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from models.errors import InvalidInput, TooMany, UpstreamBlocked, UpstreamFailed, UpstreamTimeout
from models.vocabulary import UpstreamFailure
from proxy.connector import AddressRefused, GuardedConnector, Resolve, SystemResolver
from proxy.guard import EgressPolicy
from proxy.lanes import Lanes
from proxy.message import Answer, OutboundRequest
from proxy.retry import RETRY_SECONDS

MAX_ANSWER_BYTES = 10 * 1024 * 1024
#: Node.js, uvicorn and Apache close a connection after 5 idle seconds. A call sent at that moment fails, and nobody
#: knows whether it was executed.
IDLE_SECONDS = 4.0
_DIRECT_BODY_BYTES = 1024 * 1024  # aiohttp writes larger ones at once, which would block the event loop
_OWN_HEADERS = {"User-Agent": "Patchbay", "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}


class Egress:
    """Sends requests to addresses that the policy allows. An async context manager, which owns a pool of connections.

    `connect_timeout`: seconds for name look-up, TCP and TLS. `max_answer_bytes`: after decompression. `per_host`:
    calls of one lane to one host that run at once; `queue_per_host` more wait, within their own time. `idle_seconds`:
    time that a connection of pooled calls is kept. `retry_seconds`: the wait of `call` before the second try.
    `resolve` replaces the system's name look-up, `tls` the system's trusted certificates.
    """

    def __init__(
        self,
        policy: EgressPolicy,
        *,
        connect_timeout: float = 5.0,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        per_host: int = 20,
        queue_per_host: int = 200,
        idle_seconds: float = IDLE_SECONDS,
        retry_seconds: float = RETRY_SECONDS,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.policy = policy
        self.retry_seconds = retry_seconds
        self._timeout = aiohttp.ClientTimeout(total=None, connect=connect_timeout)
        self._max_answer_bytes = max_answer_bytes
        self._lanes = Lanes(per_host, queue_per_host)
        self._system_resolver = SystemResolver()
        self._resolve: Resolve = resolve or self._system_resolver
        self._tls = tls
        self._idle_seconds = idle_seconds
        self._session: aiohttp.ClientSession | None = None
        self._single: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = self._open(self._idle_seconds)
        self._single = self._open(None)
        return self

    def _open(self, idle_seconds: float | None) -> aiohttp.ClientSession:
        session = aiohttp.ClientSession(
            connector=GuardedConnector(self.policy, self._resolve, self._tls, idle_seconds=idle_seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=_OWN_HEADERS,
            skip_auto_headers=("Content-Type",),
            timeout=self._timeout,
            trust_env=False,
        )
        # aiohttp would retry idempotent requests itself: uncounted, and without a wait.
        session._retry_connection = False
        return session

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for session in (self._session, self._single):
            if session is not None:
                await session.close()
        self._system_resolver.close()

    async def send(self, request: OutboundRequest, *, within: float | None = None) -> Answer:
        """One try within `within` seconds, or the request's own time, including the answer's body.

        Raises UpstreamFailed, UpstreamTimeout, UpstreamBlocked; TooMany if the lane stays full; InvalidInput for a
        header that cannot be sent. No message names an address.
        """
        url = _target(request.url)
        lane = (request.lane, url.raw_host, url.port)
        seconds = request.timeout_seconds if within is None else within
        entered = False
        try:
            async with asyncio.timeout(seconds):
                await self._lanes.enter(lane)
                entered = True
                try:
                    return await self._exchange(request, url)
                finally:
                    self._lanes.leave(lane)
        except TimeoutError as error:
            if not entered:
                message = "Other calls to this host took all the time; run fewer at once."
                raise TooMany(message, retry_after_seconds=1) from error
            raise UpstreamTimeout("The remote service did not answer in time.") from error

    async def _exchange(self, request: OutboundRequest, url: URL) -> Answer:
        session = self._session if request.pooled else self._single
        if session is None:
            raise RuntimeError("The egress is used outside `async with`.")
        try:
            async with session.request(
                request.method,
                url,
                headers=request.headers,
                data=_payload(request.body),
                allow_redirects=False,
            ) as response:
                return Answer(
                    status=response.status,
                    headers=tuple(response.headers.items()),
                    content_type=_as_text(response.headers.get("Content-Type")),
                    body=await _body(response, request.max_answer_bytes or self._max_answer_bytes),
                )
        except aiohttp.ClientError as error:
            raise _failure_of(error) from error
        except OSError as error:
            if isinstance(error, TimeoutError):
                raise
            raise UpstreamFailed("The connection to the remote service broke.") from error
        except ValueError as error:
            raise InvalidInput.at("headers", "A header cannot be sent.") from error


async def _body(response: aiohttp.ClientResponse, most: int) -> bytes:
    size = response.content_length or 0
    chunks: list[bytes] = []
    if size <= most:
        size = 0
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > most:
                break
            if chunks:  # highly compressed bodies arrive without a pause: let other tasks run in between
                await asyncio.sleep(0)
            chunks.append(chunk)
    if size > most:
        response.close()
        raise UpstreamFailed(
            f"The answer is larger than {most} bytes.",
            reason=UpstreamFailure.TOO_LARGE,
            external_status=response.status,
        )
    return b"".join(chunks)


def _failure_of(error: BaseException | None) -> UpstreamFailed:
    """The refusal for an error of aiohttp, in words that name no address."""
    match error:
        case aiohttp.ClientConnectorError(os_error=AddressRefused()):
            return UpstreamBlocked()
        case aiohttp.InvalidURL():
            return UpstreamBlocked("This is not an address that can be called.")
        case aiohttp.ServerTimeoutError():
            return UpstreamTimeout("The remote service did not accept a connection in time.")
        case aiohttp.ClientConnectorDNSError():
            return UpstreamFailed("The name of the remote service has no address.")
        case aiohttp.ClientConnectorCertificateError():
            return UpstreamFailed("The certificate of the remote service is not valid for it.")
        case aiohttp.ClientSSLError():
            return UpstreamFailed("The remote service does not speak TLS as it should.")
        case aiohttp.ClientConnectorError():
            return UpstreamFailed("The remote service does not accept connections.")
        case aiohttp.ClientResponseError() | aiohttp.ClientPayloadError():
            return UpstreamFailed(
                "The answer of the remote service is broken.",
                reason=UpstreamFailure.BAD_RESPONSE,
                external_status=getattr(error, "status", None) or None,
            )
        case _:
            return UpstreamFailed("The connection to the remote service broke.")


def _target(text: str) -> URL:
    try:
        url = URL(text, encoded=True)
    except ValueError as error:
        raise UpstreamBlocked("This is not an address that can be called.") from error
    if not url.raw_host or url.raw_user is not None or url.raw_password is not None:
        raise UpstreamBlocked("This is not an address that can be called.")
    return url


def _as_text(header: str | None) -> str | None:
    """Replace the lone surrogates that aiohttp makes of bytes outside UTF-8: they cannot be stored or sent."""
    return None if header is None else header.encode(errors="surrogateescape").decode(errors="replace")


def _payload(body: bytes | None) -> bytes | BytesIO | None:
    return BytesIO(body) if body is not None and len(body) > _DIRECT_BODY_BYTES else body
