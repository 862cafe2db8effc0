"""Guarded connections: the address that is judged is the address that is connected to."""

from __future__ import annotations

import asyncio
import ssl
from typing import Final

from models.errors import TooMany, UpstreamBlocked, UpstreamFailed, UpstreamTimeout
from proxy.guard import EgressPolicy, canonical
from proxy.http1 import Connection
from proxy.names import Names
from proxy.target import Origin

_BUSY: Final = "Other look-ups of host names took all the time; call fewer hosts with slow name servers at once."
_LATE: Final = "The remote service did not accept a connection in time."
_CERTIFICATE: Final = "The certificate of the remote service is not valid."
_UNTRUSTED: Final = "The certificate of the remote service is not issued by an authority that the hub trusts."
_OTHER_NAME: Final = "The certificate of the remote service is for another name."
#: By the codes of OpenSSL, X509_V_ERR_… of x509_vfy.h.
_CERTIFICATES: Final = {
    9: "The certificate of the remote service is not valid yet.",
    10: "The certificate of the remote service has expired.",
    18: "The certificate of the remote service is self-signed; it needs one of an authority that the hub trusts.",
    19: _UNTRUSTED,
    20: _UNTRUSTED,
    21: _UNTRUSTED,
    23: "The certificate of the remote service was revoked.",
    62: _OTHER_NAME,
    64: _OTHER_NAME,
}


class NotConnected(Exception):
    """Nobody answers at this address; another one of the name may do. `refusal`: if there is none."""

    def __init__(self, refusal: UpstreamFailed) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class Dialer:
    """Finds the addresses of an origin and connects to one of them. Asks the policy about both."""

    def __init__(self, policy: EgressPolicy, names: Names, tls: ssl.SSLContext) -> None:
        self._policy = policy
        self._names = names
        self._tls = tls

    async def addresses(self, origin: Origin, seconds: float, *, lane: str) -> tuple[str, ...]:
        """The addresses of a host in one spelling each, all allowed. `lane`: the organization that asks.

        Raises UpstreamFailed and its kinds; TooMany if other look-ups of the organization take all the time.
        """
        try:
            return (self._allowed(origin.host, origin.port),)
        except ValueError:
            found = await self._look_up(origin, seconds, lane)
        try:
            # One internal address refuses the whole name: mixed answers are a trick to get around a guard.
            return tuple(dict.fromkeys([self._allowed(address, origin.port) for address in found]))
        except ValueError as error:
            raise UpstreamBlocked from error

    async def connect(self, origin: Origin, address: str, seconds: float) -> Connection:
        """A new connection to this address. Raises NotConnected; UpstreamFailed for wrong TLS, UpstreamBlocked."""
        if not self._policy.allows(address, origin.port, origin.secure):
            raise UpstreamBlocked
        tls, name = (self._tls, origin.host) if origin.secure else (None, None)
        try:
            async with asyncio.timeout(seconds):
                # An address is not resolved again: asyncio and uvloop take its numbers.
                _, connection = await asyncio.get_running_loop().create_connection(
                    Connection, address, origin.port, ssl=tls, server_hostname=name
                )
        except ssl.SSLCertVerificationError as error:
            raise UpstreamFailed(_CERTIFICATES.get(error.verify_code, _CERTIFICATE)) from error
        except ssl.SSLError as error:
            raise UpstreamFailed("The remote service does not speak TLS as it should.") from error
        except TimeoutError as error:
            raise self._failed(origin, address, UpstreamTimeout(_LATE)) from error
        except OSError as error:
            refusal = UpstreamFailed("The remote service does not accept connections.")
            raise self._failed(origin, address, refusal) from error
        return connection

    def _allowed(self, address: str, port: int) -> str:
        spelling = canonical(address)
        if not self._policy.allows(spelling, port, secure=True):
            raise UpstreamBlocked
        return spelling

    async def _look_up(self, origin: Origin, seconds: float, lane: str) -> tuple[str, ...]:
        try:
            async with asyncio.timeout(seconds):
                return await self._names.addresses(origin.host, origin.port, lane=lane)
        except TimeoutError as error:
            if self._names.waits(origin.host, origin.port, lane=lane):
                raise TooMany(_BUSY, retry_after_seconds=1) from error
            raise UpstreamTimeout(_LATE) from error
        except OSError as error:
            raise UpstreamFailed("The name of the remote service has no address.") from error

    def _failed(self, origin: Origin, address: str, refusal: UpstreamFailed) -> NotConnected:
        self._names.put_last(origin.host, origin.port, address)
        return NotConnected(refusal)
