"""Refusals as pages: a title, a sentence and an HTTP status."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from models.errors import (
    Conflict,
    DomainError,
    Forbidden,
    InvalidInput,
    NotFound,
    NotReady,
    TooLarge,
    TooMany,
    Unavailable,
)
from web.connect.page import Pages
from wire.refusal import BadRequest

_KINDS: Final[dict[type[DomainError], tuple[int, str, str]]] = {
    NotFound: (404, "This link leads nowhere", "Check that you have the whole address, or ask for a new link."),
    Conflict: (409, "This did not work", "The link was used at the same moment. Open it again."),
    InvalidInput: (400, "This did not work", "Go back to where you came from and begin again."),
    NotReady: (
        409,
        "Not now",
        "The address of the service has changed. Tell those who manage the integration.",
    ),
    Forbidden: (403, "This did not work", "The form did not come from this page. Open the link again."),
    TooLarge: (413, "This is too much", "The form is larger than any credential. Send less."),
    TooMany: (429, "Too many at once", "Wait a moment, then open the link again."),
    Unavailable: (503, "Not now", "The hub cannot be reached for the moment. Try again soon."),
}


def sorry(pages: Pages, request: Request, refusal: BadRequest | DomainError) -> Response:
    """The page for a refusal. Raises a refusal again that has no page."""
    if isinstance(refusal, BadRequest):
        return pages.page(
            request, "sorry.html", status=refusal.status, title="This did not work", sentence=refusal.message
        )
    kind = next((kind for kind in type(refusal).__mro__ if kind in _KINDS), None)
    if kind is None:
        raise refusal
    status, title, sentence = _KINDS[kind]
    return pages.page(request, "sorry.html", status=status, title=title, sentence=sentence)
