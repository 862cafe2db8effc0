"""Content negotiation of answers (RFC 9110 §12.5.1)."""

from __future__ import annotations

import math

from wire.refusal import BadRequest

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
HTML = "text/html"
#: In the hub's order of preference, for clients without one.
_ANSWERS = (JSON, GRAPHQL)


def answer_type(accept: str | None) -> str:
    """`application/json` unless the client prefers `application/graphql-response+json`.

    Raises BadRequest 406 if it accepts neither.
    """
    if not accept or not accept.strip():
        return JSON
    best = max(_ANSWERS, key=lambda media: quality(accept, media))
    if quality(accept, best) == (0.0, 0):
        raise BadRequest(406, f"Accept {GRAPHQL} or {JSON}.")
    return best


def prefers_page(accept: str | None) -> bool:
    """Whether a browser asks for a page: it accepts `text/html`, and prefers it to JSON."""
    if not accept or HTML not in accept.lower():
        return False
    return quality(accept, HTML) > max(quality(accept, media) for media in _ANSWERS)


def quality(accept: str, media: str) -> tuple[float, int]:
    """The preference for a media type, 0 to 1; and 2, 1 or 0 if it is named itself, by its kind, by `*/*`."""
    kind = media.partition("/")[0]
    names = {media: 2, f"{kind}/*": 1, "*/*": 0}
    found = (0.0, 0)
    best = -1
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if names.get(name, -1) > best:
            best = names[name]
            found = (_weight(parameters), best) if _weight(parameters) > 0 else (0.0, 0)
    return found


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                weight = float(value)
            except ValueError:
                return 0.0
            return weight if math.isfinite(weight) and 0 <= weight <= 1 else 0.0
    return 1.0
