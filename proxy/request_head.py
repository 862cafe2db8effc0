"""The head of an outbound request as bytes (RFC 9112 §3 and §5)."""

from __future__ import annotations

import re
from typing import Final

from models.errors import InvalidInput
from proxy.message import OutboundRequest
from proxy.target import Origin

#: Methods for which a server may take a body for the next request (RFC 9110 §9.3.1 and §9.3.2).
WITHOUT_BODY: Final = frozenset({"GET", "HEAD"})
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
_DEFAULTS: Final = (("User-Agent", "Patchbay"), ("Accept", "*/*"))
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~\-]+")  # RFC 9110 §5.6.2
_UNSENDABLE: Final = re.compile("[\r\n\0]")
#: Headers that the client alone sets: those of routing, framing and the connection.
_OWN: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade", "expect"}
)


def head_of(request: OutboundRequest, origin: Origin, rest: str) -> bytes:
    """The head, with the empty line at its end; `rest`: path and query.

    A call with a `Range` asks for no compression: a range of compressed bytes is another one (RFC 9110 §14.2). Nor
    does one for an excerpt, which is not decompressed.
    Raises InvalidInput at `headers` or `body` for a request that cannot be sent.
    """
    if request.body is not None and request.method in WITHOUT_BODY:
        raise InvalidInput.at("body", f"A {request.method} has no body; use POST, PUT or PATCH, or leave it out.")
    given = {name.lower() for name, _ in request.headers}
    _check(request, given)
    lines = [f"{request.method} {rest} HTTP/1.1", f"Host: {origin.authority}"]
    lines += [f"{name}: {value}" for name, value in _DEFAULTS if name.lower() not in given]
    if "accept-encoding" not in given:
        is_plain = "range" in given or request.excerpt is not None
        lines.append(f"Accept-Encoding: {'identity' if is_plain else 'gzip, deflate'}")
    lines += [f"{name}: {value}" for name, value in request.headers]
    if request.body is not None:
        lines.append(f"Content-Length: {len(request.body)}")
    elif request.method in _WITH_BODY:
        lines.append("Content-Length: 0")
    if not request.pooled:
        lines.append("Connection: close")
    try:
        return "\r\n".join([*lines, "", ""]).encode()
    except UnicodeEncodeError as error:
        raise InvalidInput.at("headers", "A header cannot be sent.") from error


def _check(request: OutboundRequest, given: set[str]) -> None:
    if not _TOKEN.fullmatch(request.method):
        raise InvalidInput.at("method", "A method consists of letters.")
    if taken := given & _OWN:
        raise InvalidInput.at("headers", f"The header {min(taken)} is set by the hub and cannot be given.")
    for name, value in request.headers:
        if not _TOKEN.fullmatch(name) or _UNSENDABLE.search(value):
            raise InvalidInput.at("headers", "A header cannot be sent.")
