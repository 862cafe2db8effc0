"""The target of an outbound call: its origin, and the rest of the address (RFC 9112 §3.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from yarl import URL

from models.errors import UpstreamBlocked

_NO_ADDRESS: Final = "This is not an address that can be called."
_PORTS: Final = {"http": 80, "https": 443}
_VISIBLE: Final = re.compile("[!-~]+")


@dataclass(frozen=True, slots=True)
class Origin:
    """A scheme, host and port. `host` is in lower case, without a dot at its end; `authority` is for `Host`."""

    secure: bool
    host: str
    port: int
    authority: str


def target_of(address: str) -> tuple[Origin, str]:
    """The origin of an absolute, percent-encoded address, and its path and query. Raises UpstreamBlocked."""
    if not _VISIBLE.fullmatch(address):  # yarl would leave out line breaks
        raise UpstreamBlocked(_NO_ADDRESS)
    try:
        url = URL(address, encoded=True)
        port = url.port
    except ValueError as error:
        raise UpstreamBlocked(_NO_ADDRESS) from error
    name, rest = (url.raw_host or "").lower().rstrip("."), url.raw_path_qs
    if not name or not port or url.scheme not in _PORTS:
        raise UpstreamBlocked(_NO_ADDRESS)
    if url.raw_user is not None or url.raw_password is not None:
        raise UpstreamBlocked(_NO_ADDRESS)
    host = f"[{name}]" if ":" in name else name
    authority = host if port == _PORTS[url.scheme] else f"{host}:{port}"
    return Origin(secure=url.scheme == "https", host=name, port=port, authority=authority), rest
