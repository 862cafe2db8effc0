"""The address of the next page: absolute, of the same origin as the request, without secrets."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final
from urllib.parse import quote, unquote_plus, urldefrag, urljoin

from models.errors import UpstreamBlocked
from proxy.paging.turns import Faulty
from proxy.shown import one_line
from proxy.target import target_of

#: All that may stand in an address (RFC 3986 §2.2, §2.3), and escapes. Anything else is escaped.
_SAFE: Final = "!#$%&'()*+,/:;=?@[]-._~"
_SHOWN: Final = 100


def followed(url: str, reference: str, secrets: Collection[str]) -> str:
    """The absolute address of a reference in the answer to a request to `url` (RFC 3986 §5).

    Raises Faulty for one of another scheme, host or port: credentials are for the origin of the request.
    """
    try:
        address = urldefrag(quote(urljoin(url, reference.strip()), safe=_SAFE)).url
        origin, _ = target_of(address)
    except (UpstreamBlocked, ValueError) as error:
        raise Faulty(f"The next page has no address that can be called: {_cut(reference)}.") from error
    before, _ = target_of(url)
    if (origin.secure, origin.host, origin.port) != (before.secure, before.host, before.port):
        raise Faulty(
            f"The next page is at {_name(origin.secure, origin.authority)}, the page before at "
            f"{_name(before.secure, before.authority)}. Nothing was sent: an export keeps scheme, host and port."
        )
    return _without(address, secrets)


def _without(address: str, secrets: Collection[str]) -> str:
    """The address less the parameters of its query that have a secret. Raises Faulty for a secret elsewhere in it."""
    kept = [secret for secret in secrets if secret]
    before, mark, query = address.partition("?")
    pairs = [pair for pair in query.split("&") if not _has(pair, kept)]
    if _has(before, kept):
        raise Faulty(
            "The address of the next page has a secret in its path, so it is not kept and cannot be followed."
        )
    return f"{before}{mark}{'&'.join(pairs)}" if pairs != [""] else before


def _has(text: str, secrets: Collection[str]) -> bool:
    plain = unquote_plus(text)
    return any(secret in text or secret in plain for secret in secrets)


def _name(secure: bool, authority: str) -> str:
    return f"{'https' if secure else 'http'}://{authority}"


def _cut(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
