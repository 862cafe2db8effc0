"""Acting for a user by a header: the one place in which every dialect reads `X-Act-As`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from starlette.requests import Request

from resolvers.acting import ForUser
from rest.kit.places import Places
from wire.acting import ACT_AS, refuse_act_as, user_of

#: The place of the user in commands, in the words of every dialect.
PLACES: Final[Places] = {("act_as",): (ACT_AS,)}


def for_user(request: Request, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments of an operation, given for the user that the header names; unchanged without the header.

    Raises InvalidInput for a malformed header, and for any header if the operation does not act for users.
    """
    user = user_of(request)
    if user is None:
        return arguments
    if not any(isinstance(one, ForUser) for one in arguments):
        refuse_act_as(request, "This call acts for nobody but the token itself; leave the header out.")
    return tuple(replace(one, act_as=user) if isinstance(one, ForUser) else one for one in arguments)
