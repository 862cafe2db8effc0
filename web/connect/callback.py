"""The answer to a user who returns from a vendor's consent page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

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
from web.connect.form import own_fields, read_form, require_own_page
from web.connect.page import Pages
from wire.body import BodyLimits
from wire.browser import BrowserCookie
from wire.callback import CallbackAddress
from wire.refusal import BadRequest

_ONCE: Final = ("state", "code", "error", "error_description", "iss")
_LONGEST_QUERY: Final = 16 * 1024
_PRIVATE: Final = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


class Callback:
    """One callback address (RFC 6749 §4.1.2, RFC 9207), for answers by redirect and by form.

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
            parameters = _parameters(request.query_params.multi_items())
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

    async def submit(self, request: Request) -> Response:
        """A form of our own page, or the vendor's answer by `response_mode=form_post`.

        Browsers say `same-origin` of our own form alone, and it alone has a confirmation.
        """
        pairs = await read_form(request, self._limits)
        own = request.headers.get("sec-fetch-site") == "same-origin" or "confirmation" in dict(pairs)
        return await (self._confirm(request, own_fields(pairs)) if own else self._receive(request, pairs))

    async def _receive(self, request: Request, pairs: Sequence[tuple[str, str]]) -> Response:
        """Send the browser on to `arrive` with the posted answer. Nothing is used up.

        It posts for another site, so its cookie stays behind (SameSite=Lax); to our GET it brings it along. The code
        stands in the address as in every answer by redirect, and is of no use to others (ADR 0018).
        """
        try:
            parameters = _parameters(pairs)
            await state_caller(self._hub, parameters.get("state"))
        except InvalidInput:
            return self._unknown(request)
        query = urlencode(parameters)
        if len(query) > _LONGEST_QUERY:
            raise BadRequest(413, "The vendor's answer is longer than an address may be. Connect again.")
        return RedirectResponse(f"{self._hub.own_url}{self.path}?{query}", 303, headers=_PRIVATE)

    async def _confirm(self, request: Request, values: Mapping[str, str]) -> Response:
        """Use the answer that the person has confirmed on our page, in the browser that was asked."""
        require_own_page(request, self._hub.own_url)
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


def _parameters(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The answer's parameters; each may be given once (RFC 6749 §3.1). Others are left out. Raises InvalidInput.

    Texts for people lose their line ends, which a form would not bring back as they were.
    """
    given = {name: [value for key, value in pairs if key == name] for name in _ONCE}
    for name, values in given.items():
        if len(values) > 1:
            raise InvalidInput.at(name, "It is given twice; give it once.")
    found = {name: values[0] for name, values in given.items() if values}
    return found | {name: as_shown(found[name]) for name in ("error", "error_description") if name in found}
