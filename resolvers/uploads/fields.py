"""Fields of uploads and of icons that are not columns: pure functions of the row."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from models.origins import origin_of
from models.tables import Asset, Integration
from resolvers.caller import Caller

#: Every character of an address (RFC 3986 §2.2, §2.3), and existing escapes.
_ADDRESS_SAFE: Final = "-._~:/?#[]@!$&'()*+,;=%"


def upload_url(upload: Asset, caller: Caller) -> str | None:
    """The address for its bytes; None if the hub has them already."""
    return None if upload.filled_at is not None else f"{caller.hub.public_url}/uploads/{upload.id}"


def image_address(integration: Integration, *, schemes: tuple[str, ...] = ("https", "http")) -> str | None:
    """`image_url` as an absolute address in ASCII; None if it is relative, of another scheme, or can be misread.

    Its host must be ASCII, and a user name is refused (`origin_of`): clients would take it for credentials.
    """
    given = integration.image_url or ""
    origin = origin_of(given)
    fits = origin is not None and origin.partition("://")[0] in schemes
    return quote(given, safe=_ADDRESS_SAFE) if fits else None
