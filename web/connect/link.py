"""A connect link in a browser: its page, and the forms sent from it."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from models.errors import Conflict, InvalidInput, NotFound
from resolvers.connect.callers import link_caller
from resolvers.connect.links import new_secret
from resolvers.connect.mutations import Choose, enter_credentials, leave_for_vendor
from resolvers.connect.opening import Opening, Standing
from resolvers.connect.queries import Choice, ConnectPage, read_connect_page
from resolvers.hub import Hub
from web.connect.form import read_own_form
from web.connect.page import Pages
from wire.body import BodyLimits
from wire.browser import BrowserCookie

_STATUSES: Final = {Standing.EXPIRED: 410, Standing.ELSEWHERE: 409}


class ConnectLink:
    """`/connect/<link>`. Showing it changes nothing; sending a form binds it to the browser."""

    def __init__(self, hub: Hub, pages: Pages, cookie: BrowserCookie, limits: BodyLimits) -> None:
        self._hub, self._pages, self._cookie, self._limits = hub, pages, cookie, limits

    async def show(self, request: Request) -> Response:
        """The ways to connect, or the result if the session has ended."""
        opening = self._opening(request)
        page = await read_connect_page(await link_caller(self._hub, opening.link), opening)
        response = self._page(request, page, request.query_params.get("integration"))
        if opening.browser is None and page.standing is Standing.OPEN:
            self._cookie.give(response, new_secret())
        return response

    async def submit(self, request: Request) -> Response:
        """Redirect to the vendor, or connect with the credentials of the form."""
        opening = self._opening(request)
        values = await read_own_form(request, self._hub.own_url, self._limits)
        caller = await link_caller(self._hub, opening.link)
        if opening.browser is None:
            return self._pages.page(request, "cookies.html", status=400, link=opening.link)
        page = await read_connect_page(caller, opening)
        chosen = _chosen(page, values.get("integration")) if page.standing is Standing.OPEN else None
        if chosen is None:
            return self._page(request, page, None)
        choose = Choose(opening=opening, integration_id=chosen.integration.id, values=values)
        try:
            if chosen.consents:
                url = await leave_for_vendor(caller, choose)
                name, hosts = chosen.integration.name, chosen.hosts
                return self._pages.page(request, "leaving.html", name=name, hosts=hosts, url=url)
            await enter_credentials(caller, choose)
        except InvalidInput as refusal:
            faults = {fault.path[-1]: fault.message for fault in refusal.violations}
            return self._form(request, page, chosen, values=values, faults=faults)
        except Conflict:
            pass  # another browser or tab was faster: show its result
        return RedirectResponse(opening.link, 303)

    def _opening(self, request: Request) -> Opening:
        return Opening(link=request.path_params["link"], browser=self._cookie.read(request))

    def _page(self, request: Request, page: ConnectPage, named: str | None) -> Response:
        if page.standing in (Standing.CONNECTED, Standing.FAILED):
            return self._ended(request, page)
        if page.standing is not Standing.OPEN or not page.choices:
            stands = Standing.EXPIRED if page.standing is Standing.OPEN else page.standing
            status = _STATUSES[stands]
            return self._pages.page(request, f"{stands.value}.html", status=status, organization=page.organization)
        chosen = _chosen(page, named)
        if chosen is None:
            return self._pages.page(request, "choose.html", page=page)
        return self._form(request, page, chosen, values={}, faults={})

    def _form(
        self, request: Request, page: ConnectPage, chosen: Choice, *, values: dict[str, str], faults: dict[str, str]
    ) -> Response:
        """The form again, each fault beside its field. Secrets are not filled in again."""
        shown = {field.key: values.get(field.key, "") for field in chosen.fields if not field.secret}
        status = 400 if faults else 200
        others = [fault for key, fault in faults.items() if key not in {field.key for field in chosen.fields}]
        return self._pages.page(
            request,
            "form.html",
            status=status,
            page=page,
            chosen=chosen,
            values=shown,
            faults=faults,
            others=others,
        )

    def _ended(self, request: Request, found: ConnectPage) -> Response:
        return self._pages.page(
            request,
            "ended.html",
            connected=found.standing is Standing.CONNECTED,
            name=found.choices[0].integration.name if found.choices else "the service",
            error=found.session.error,
            way_back=found.way_back,
        )


def _chosen(page: ConnectPage, named: str | None) -> Choice | None:
    """The named choice, or the only one. Raises NotFound if the name is not offered."""
    if named is None:
        return page.choices[0] if len(page.choices) == 1 else None
    for choice in page.choices:
        if choice.integration.id == named:
            return choice
    if page.choices:
        raise NotFound("integration")
    return None
