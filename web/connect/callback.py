"""The answer to a user who returns from a vendor's consent page."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from models.errors import InvalidInput
from models.vocabulary import ConnectSessionStatus
from resolvers.connect.authorization import FinishAuthorization, Finished, finish_authorization
from resolvers.connect.callers import state_caller
from resolvers.hub import Hub
from web.connect.browser import BrowserCookie
from web.connect.page import Pages
from wire.callback import CallbackAddress

_ONCE: Final = ("state", "code", "error", "error_description", "iss")


class Callback:
    """One callback address (RFC 6749 §4.1.2, RFC 9207)."""

    def __init__(self, hub: Hub, pages: Pages, cookie: BrowserCookie, address: CallbackAddress) -> None:
        self._hub, self._pages, self._cookie, self._address = hub, pages, cookie, address

    async def __call__(self, request: Request) -> Response:
        """Redeem the vendor's answer and show the result.

        HEAD changes nothing (RFC 9110 §9.2.1): link scanners send it before the user's own request.
        """
        if request.method == "HEAD":
            return Response(status_code=405, headers={"Allow": "GET"})
        try:
            parameters = {name: _only(request, name) for name in _ONCE}
            caller = await state_caller(self._hub, parameters["state"])
            answer = FinishAuthorization(
                state=parameters["state"] or "",
                callback=self._address.path,
                code=parameters["code"],
                error=parameters["error"],
                error_description=parameters["error_description"],
                issuer=parameters["iss"],
                browser=self._cookie.read(request),
            )
            finished = await finish_authorization(caller, answer)
        except InvalidInput:
            return self._pages.page(request, "unknown.html", status=400)
        return self._show(request, finished)

    def _show(self, request: Request, finished: Finished) -> Response:
        """A page with a link, unless the address redirects: the vendor's CSP may forbid a second redirect."""
        connected = finished.session.status is ConnectSessionStatus.COMPLETED
        if connected and self._address.redirects:
            return RedirectResponse(finished.way_back or "../../connect/finished", 302)
        failed = 502 if finished.upstream else 400
        return self._pages.page(
            request,
            "ended.html",
            status=200 if connected else failed,
            connected=connected,
            name=finished.integration.name if finished.integration else "the service",
            error=finished.session.error,
            way_back=finished.way_back,
        )


def _only(request: Request, name: str) -> str | None:
    """A parameter that may be given once (RFC 6749 §3.1)."""
    values = request.query_params.getlist(name)
    if len(values) > 1:
        raise InvalidInput.at(name, "It is given twice; give it once.")
    return values[0] if values else None
