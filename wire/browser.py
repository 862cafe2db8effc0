"""The browser behind a request: its identity by a cookie."""

from __future__ import annotations

import re
from typing import Final

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
        self._secure = own_url.lower().startswith("https://")
        self._name = "__Host-patchbay-browser" if self._secure else "patchbay-browser"

    def read(self, request: Request) -> str | None:
        """The browser's secret, or None if it has none of ours."""
        value = request.cookies.get(self._name, "")
        return value if _SECRET.fullmatch(value) else None

    def secret_of(self, request: Request) -> str:
        """The browser's secret, or a new one, which `give` has to set."""
        return self.read(request) or new_secret()

    def give(self, response: Response, secret: str) -> None:
        """Set the browser's secret, for a day from now."""
        response.set_cookie(
            self._name,
            secret,
            max_age=_SECONDS,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )
