"""Forms of the hub's own pages."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request

from models.errors import Forbidden
from wire.body import BodyLimits, read_body
from wire.refusal import BadRequest

_FORM: Final = "application/x-www-form-urlencoded"
_MOST_FIELDS: Final = 100


async def read_own_form(request: Request, own_url: str, limits: BodyLimits) -> dict[str, str]:
    """The fields of a form that a page of the hub has sent. Raises BadRequest, Forbidden, TooLarge."""
    require_own_page(request, own_url)
    return own_fields(await read_form(request, limits))


async def read_form(request: Request, limits: BodyLimits) -> list[tuple[str, str]]:
    """The fields of a form of any site, in their order. Raises BadRequest, TooLarge."""
    _require_form(request)
    body = await read_body(request, limits)
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError as cause:
        raise BadRequest(400, "This is not the form of this page. Open the link again.") from cause


def own_fields(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """The fields of a form of our own, with the line ends that our pages gave them."""
    return {name: value.replace("\r\n", "\n") for name, value in pairs}


def require_own_page(request: Request, own_url: str) -> None:
    """Raise BadRequest for anything but a form, and Forbidden for one of another site."""
    _require_form(request)
    if not _is_own_page(request, own_url):
        raise Forbidden("The form comes from another site. Open the link and use its form.")


def _require_form(request: Request) -> None:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise BadRequest(415, "Send the form of this page, from this page.")


def _is_own_page(request: Request, own_url: str) -> bool:
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
