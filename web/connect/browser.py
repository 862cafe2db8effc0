"""The browser behind a request: its identity by a cookie, and whether a form comes from our own page."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from resolvers.connect.links import new_secret

_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_SECONDS: Final = 86_400  # the longest validity of a link


class BrowserCookie:
    """`__Host-` binds it to this host and to TLS (RFC 6265bis §4.1.3.2); a hub without TLS uses neither.

    SameSite=Lax: browsers send it when a vendor redirects the user back, and never with another site's form.
    """

    def __init__(self, own_url: str) -> None:
        self._secure = own_url.startswith("https://")
        self._name = "__Host-patchbay-browser" if self._secure else "patchbay-browser"

    def read(self, request: Request) -> str | None:
        """The browser's secret, or None if it has none of ours."""
        value = request.cookies.get(self._name, "")
        return value if _SECRET.fullmatch(value) else None

    def give(self, response: Response) -> None:
        """Set a new secret, for a browser without one."""
        response.set_cookie(
            self._name,
            new_secret(),
            max_age=_SECONDS,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )


def is_our_page(request: Request, own_url: str) -> bool:
    """Whether a form comes from a page of the hub, as far as the browser names its origin.

    `Origin` is `null` on our own forms too, since our pages send no referrer (Fetch §3.2): then
    `Sec-Fetch-Site` decides; for an old browser that sends neither, the cookie's SameSite protects.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin", "null")
    parts = urlsplit(own_url)
    return origin in ("null", f"{parts.scheme}://{parts.netloc}")
