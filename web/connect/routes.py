"""The routes of the connect pages and of the callback addresses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from models.errors import DomainError
from resolvers.connect.consent import CALLBACK
from resolvers.connect.links import PATH
from resolvers.hub import Hub
from web.connect.callback import Callback
from web.connect.link import ConnectLink
from web.connect.page import Pages
from web.connect.sorry import sorry
from wire.acting import refuse_act_as
from wire.body import BodyLimits
from wire.browser import BrowserCookie
from wire.callback import CallbackAddress
from wire.refusal import BadRequest

_FORM_BYTES: Final = 256 * 1024
_OWN_CALLBACK: Final = CallbackAddress(path=CALLBACK)
Answer = Callable[[Request], Awaitable[Response]]


def routes(hub: Hub, *, limits: BodyLimits, callbacks: Sequence[CallbackAddress]) -> list[Route]:
    """The routes of these pages. `callbacks`: the callback addresses of other faces."""
    pages, cookie = Pages(), BrowserCookie(hub.own_url)
    limits = replace(limits, size=min(limits.size, _FORM_BYTES))
    link = ConnectLink(hub, pages, cookie, limits)
    returns = [Callback(hub, pages, cookie, limits, one) for one in (_OWN_CALLBACK, *callbacks)]

    async def style(_request: Request) -> Response:
        return pages.style()

    async def finished(request: Request) -> Response:
        return pages.page(request, "finished.html")

    def page(path: str, **answers: Answer) -> Route:
        return Route(path, _readable(pages, answers), methods=[*answers])

    return [
        Route("/connect.css", style, methods=["GET"]),
        page(f"{PATH}finished", GET=finished),
        page(f"{PATH}{{link}}", GET=link.show, POST=link.submit),
        *(_without_head(page(one.path, GET=one.arrive, POST=one.submit)) for one in returns),
    ]


def _without_head(route: Route) -> Route:
    """The route, which refuses HEAD: that one changes nothing (RFC 9110 §9.2.1), and link scanners send it before the
    user's own request."""
    route.methods = (route.methods or set()) - {"HEAD"}
    return route


def _readable(pages: Pages, answers: Mapping[str, Answer]) -> Answer:
    """The answer by method, with refusals as pages for people. One route for all, so that 405 names all of them."""

    async def respond(request: Request) -> Response:
        try:
            refuse_act_as(request, "The link names its user; leave the header out.")
            return await answers["GET" if request.method == "HEAD" else request.method](request)
        except (BadRequest, DomainError) as refusal:
            return sorry(pages, request, refusal)

    return respond
