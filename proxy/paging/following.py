"""The address of the next page: absolute, of the same origin as the request, without secrets."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final
from urllib.parse import quote, unquote_plus, urldefrag, urljoin

from models.errors import UpstreamBlocked
from proxy.paging.turns import Faulty
from proxy.shown import one_line
from proxy.target import Origin, target_of

#: All that may stand in an address (RFC 3986 §2.2, §2.3), and escapes. Anything else is escaped.
_SAFE: Final = "!#$%&'()*+,/:;=?@[]-._~"
_SHOWN: Final = 100


def followed(url: str, reference: str, secrets: Collection[str]) -> str:
    """The absolute address of a reference in the answer to a request to `url` (RFC 3986 §5).

    Raises Faulty for one of another scheme, host or port: credentials are for the origin of the request. A parameter
    with a secret is left out, since the hub adds it again; for a secret elsewhere it raises Faulty too.
    """
    try:
        address = urldefrag(quote(urljoin(url, reference.strip()), safe=_SAFE)).url
        origin, _ = target_of(address)
    except (UpstreamBlocked, ValueError) as error:
        raise Faulty(f"The next page has no address that can be called: {_cut(reference)}.") from error
    before, _ = target_of(url)
    if (origin.secure, origin.host, origin.port) != (before.secure, before.host, before.port):
        raise Faulty(
            f"The next page is at {_name(origin)}, the page before at {_name(before)}. Nothing was sent: an export "
            "keeps to one scheme, host and port."
        )
    address = plain(address, secrets)
    if _has(address, secrets):
        raise Faulty("The address of the next page has a secret in its path, so it cannot be kept and followed.")
    return address


def plain(address: str, secrets: Collection[str]) -> str:
    """The address without its fragment and the parameters of its query that have a secret."""
    before, _, query = urldefrag(address).url.partition("?")
    pairs = [pair for pair in query.split("&") if pair and not _has(pair, secrets)]
    return f"{before}?{'&'.join(pairs)}" if pairs else before


def _has(text: str, secrets: Collection[str]) -> bool:
    decoded = unquote_plus(text)
    return any(secret in text or secret in decoded for secret in secrets if secret)


def _name(origin: Origin) -> str:
    return f"{'https' if origin.secure else 'http'}://{origin.authority}"


def _cut(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
