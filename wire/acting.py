"""`X-Act-As`: the header with which a request names the user to act for."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from models.errors import InvalidInput
from resolvers.lookup import UserRef

ACT_AS: Final = "X-Act-As"
_NAMES: Final = ("id", "username", "subject")
_FORM: Final = "Write one of id:…, username:… and subject:…, as UTF-8, and send the header once."


def user_of(request: Request) -> UserRef | None:
    """The user that the header names; None without the header. Raises InvalidInput for any other form."""
    refuse_underscores(request, ACT_AS)
    values = request.headers.getlist(ACT_AS)
    if not values:
        return None
    name, _, value = _text(values[0]).partition(":")
    if len(values) > 1 or name not in _NAMES or not value:
        raise InvalidInput.at(ACT_AS, _FORM)
    return UserRef(**{name: value})


def refuse_act_as(request: Request, message: str) -> None:
    """Raise InvalidInput if the header is there: ignored, it would let the request act as somebody else."""
    refuse_underscores(request, ACT_AS)
    if ACT_AS in request.headers:
        raise InvalidInput.at(ACT_AS, message)


def refuse_underscores(request: Request, name: str) -> None:
    """Raise InvalidInput for a header with this name but for `_` in place of `-`, which some proxies write.

    It is another header (RFC 9110 §5.1), so the name of a user or an organization would be ignored.
    """
    for given in request.headers:
        if given.lower() != name.lower() and given.lower().replace("_", "-") == name.lower():
            raise InvalidInput.at(name, f"Write {name} with hyphens; {given} is another header.")


def _text(value: str) -> str:
    """The bytes of a header as UTF-8; the server has read them as ISO 8859-1 (RFC 9110 §5.5)."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeDecodeError as cause:
        raise InvalidInput.at(ACT_AS, _FORM) from cause
