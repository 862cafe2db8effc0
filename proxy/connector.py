"""Guarded connections: the address that is judged is the address that is connected to."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from proxy.guard import EgressPolicy

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""(host, port) → its addresses as text. Raises OSError if there are none."""

_LOOKUP_THREADS = 16


class AddressRefused(OSError):
    """An OSError, since aiohttp passes on only those. Its text is constant, so that aiohttp merges several."""

    def __init__(self) -> None:
        super().__init__(errno.EACCES, "refused by the egress policy")


class GuardedConnector(aiohttp.TCPConnector):
    """Asks the policy twice: about all addresses of a name, and about the address of each socket.

    The second check covers plain http and IP addresses in URLs, for which aiohttp does not call the resolver. It does
    not limit connections: lanes limit calls.
    """

    allowed_protocol_schema_set = frozenset({"http", "https"})

    def __init__(
        self, policy: EgressPolicy, resolve: Resolve, tls: ssl.SSLContext | None, *, idle_seconds: float | None
    ) -> None:
        """`idle_seconds`: the time that an unused connection is kept; None: each call opens its own."""
        keeping = {"force_close": True} if idle_seconds is None else {"keepalive_timeout": idle_seconds}
        super().__init__(
            resolver=_GuardedResolver(policy, resolve),
            socket_factory=self._open,
            ssl=tls or True,
            limit=0,
            **keeping,
        )
        self._policy = policy
        self._secure: ContextVar[bool] = ContextVar("secure", default=False)

    async def connect(  # the signature is aiohttp's
        self,
        req: aiohttp.ClientRequest,
        traces: list[aiohttp.tracing.Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109
    ) -> aiohttp.connector.Connection:
        """As in aiohttp. Remembers for `_open` whether this connection uses TLS."""
        token = self._secure.set(req.is_ssl())
        try:
            return await super().connect(req, traces, timeout)
        finally:
            self._secure.reset(token)

    def _open(self, found: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = found
        if not self._policy.allows(str(address[0]), int(address[1]), self._secure.get()):
            raise AddressRefused
        return socket.socket(family, kind, protocol)


class SystemResolver:
    """getaddrinfo in its own threads, so that slow name servers delay nothing else."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_LOOKUP_THREADS, thread_name_prefix="dns")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        addresses = await asyncio.get_running_loop().run_in_executor(self._threads, _look_up, host, port)
        return [str(address[0]) for *_, address in addresses]

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class _GuardedResolver(AbstractResolver):
    def __init__(self, policy: EgressPolicy, resolve: Resolve) -> None:
        self._policy = policy
        self._resolve = resolve

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        addresses = await self._resolve(host, port)
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        # One internal address refuses the whole name: mixed answers are a trick to get around a guard.
        if not all(self._policy.allows(address, port, secure=True) for address in addresses):
            raise AddressRefused
        return [_result(host, address, port) for address in addresses]

    async def close(self) -> None:
        """Nothing to close: the owner of the resolve function closes it."""


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=flags)


def _look_up(host: str, port: int) -> Sequence[tuple[object, object, object, object, tuple[object, ...]]]:
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a label that is too long or empty
        raise socket.gaierror(socket.EAI_NONAME, "not a name") from error
