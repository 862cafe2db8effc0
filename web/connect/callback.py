"""The answer to a user who returns from a vendor's consent page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from models.errors import InvalidInput
from models.vocabulary import ConnectSessionStatus
from resolvers.connect.answer import FinishAuthorization
from resolvers.connect.authorization import Finished, finish_authorization
from resolvers.connect.callers import state_caller
from resolvers.connect.queries import read_sign_in
from resolvers.connect.session import as_shown
from resolvers.hub import Hub
from web.connect.form import read_own_form
from web.connect.page import Pages
from wire.body import BodyLimits
from wire.browser import BrowserCookie
from wire.callback import CallbackAddress

_ONCE: Final = ("state", "code", "error", "error_description", "iss")


class Callback:
    """One callback address (RFC 6749 §4.1.2, RFC 9207).

    The browser that began the sign-in uses the answer by arriving. In any other one somebody else may have begun it
    (RFC 6749 §10.12), so a person is asked first.
    """

    def __init__(
        self, hub: Hub, pages: Pages, cookie: BrowserCookie, limits: BodyLimits, address: CallbackAddress
    ) -> None:
        self._hub, self._pages, self._cookie, self._limits = hub, pages, cookie, limits
        self.path, self._redirects = address.path, address.redirects

    async def arrive(self, request: Request) -> Response:
        """Use the vendor's answer and show the result; or ask, which uses nothing up."""
        browser = self._cookie.secret_of(request)
        try:
            parameters = _parameters(request)
            caller = await state_caller(self._hub, parameters.get("state"))
            answer = self._answer(parameters, browser)
            sign_in = await read_sign_in(caller, answer)
            if sign_in.confirmation is None:
                return self._show(request, await finish_authorization(caller, answer), redirects=self._redirects)
        except InvalidInput:
            return self._unknown(request)
        response = self._pages.page(request, "confirm.html", page=sign_in, answer=parameters)
        self._cookie.give(response, browser)
        return response

    async def confirm(self, request: Request) -> Response:
        """Use the answer that the person has confirmed on our page, in the browser that was asked."""
        values = await read_own_form(request, self._hub.own_url, self._limits)
        browser = self._cookie.read(request)
        if browser is None:
            return self._pages.page(request, "cookies.html", status=400, link=None)
        try:
            caller = await state_caller(self._hub, values.get("state"))
            answer = self._answer(values, browser)
            return self._show(request, await finish_authorization(caller, answer), redirects=False)
        except InvalidInput:
            return self._unknown(request)

    def _answer(self, values: Mapping[str, str], browser: str) -> FinishAuthorization:
        return FinishAuthorization(
            state=values.get("state", ""),
            callback=self.path,
            code=values.get("code"),
            error=values.get("error"),
            error_description=values.get("error_description"),
            issuer=values.get("iss"),
            browser=browser,
            confirmation=values.get("confirmation"),
        )

    def _show(self, request: Request, finished: Finished, *, redirects: bool) -> Response:
        """A page with a link, unless `redirects`: a CSP, the vendor's or ours, may forbid a redirect after a form."""
        connected = finished.session.status is ConnectSessionStatus.COMPLETED
        if connected and redirects:
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

    def _unknown(self, request: Request) -> Response:
        return self._pages.page(request, "unknown.html", status=400)


def _parameters(request: Request) -> dict[str, str]:
    """The answer's parameters; each may be given once (RFC 6749 §3.1). Raises InvalidInput.

    Texts for people lose their line ends, which a form would not bring back as they were.
    """
    given = {name: request.query_params.getlist(name) for name in _ONCE}
    for name, values in given.items():
        if len(values) > 1:
            raise InvalidInput.at(name, "It is given twice; give it once.")
    found = {name: values[0] for name, values in given.items() if values}
    return found | {name: as_shown(found[name]) for name in ("error", "error_description") if name in found}
