"""Acting for a user: a token with ACT_AS gives a command in the name of a user of its organization."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from models.errors import Forbidden, NotFound, Path
from models.tables import Principal
from models.vocabulary import Permission, PrincipalKind
from resolvers.caller import Caller
from resolvers.lookup import UserRef

_PATH: Final = ("act_as",)


@dataclass(frozen=True, kw_only=True)
class ForUser:
    """A command that can be given for another user. `act_as` is that user; None: the caller itself."""

    act_as: UserRef | None = None


async def acting(caller: Caller, given: Iterable[object]) -> Caller:
    """The caller of a command: itself, or acting for the user that the command names. Raises as `acting_for`."""
    named = next((one.act_as for one in given if isinstance(one, ForUser) and one.act_as is not None), None)
    return caller if named is None else await acting_for(caller, named)


async def acting_for(caller: Caller, ref: UserRef, *, path: Path = _PATH) -> Caller:
    """The caller as the user with this name in its organization. Raises as `as_user`, and NotFound."""
    require_act_as(caller, path=path)
    user = await caller.hub.lookup.principal(caller.organization_id, ref)
    if user is None:
        raise NotFound("user", path=path)
    return as_user(caller, user, path=path)


def require_act_as(caller: Caller, *, path: Path) -> None:
    """Raise Forbidden without ACT_AS."""
    if not caller.may(Permission.ACT_AS):
        message = "Acting for another user needs the permission ACT_AS; an administrator puts it into a token."
        raise Forbidden(message, permission=Permission.ACT_AS, path=path)


def as_user(caller: Caller, user: Principal, *, path: Path) -> Caller:
    """The caller as a user of its organization: the user's rows, and the permissions that both have.

    It reaches the integrations that both reach; a token of an app reaches that app only. It cannot act for a third
    user. Raises Forbidden without ACT_AS and for a team, a disabled user and an administrator.
    """
    require_act_as(caller, path=path)
    if problem := _problem(user):
        raise Forbidden(problem, path=path)
    return replace(
        caller,
        permissions=frozenset(word for word in caller.permissions if word in user.permissions),
        actor_name=user.username,
        principal_id=user.id,
        integration_id=None,
        narrowed_by=None,
        subject=None,
        is_operator=False,
        acted_by=caller,
    )


def _problem(principal: Principal) -> str | None:
    if principal.kind is not PrincipalKind.USER:
        return "Nobody can act for a team; name a user."
    if principal.disabled_at is not None:
        return "This user is disabled; enable the user first."
    if Permission.ORGANIZATION_ADMIN in principal.permissions:
        return "Nobody can act for an administrator; use a token of the administrator's own."
    return None
