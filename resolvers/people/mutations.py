"""Principals: add, change and remove users and teams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select, update
from sqlmodel import col

from models.errors import Conflict, InvalidInput, NotFound
from models.row import folded, name_key
from models.tables import Connection, Integration, Principal, Share, Token
from models.vocabulary import Permission, PrincipalKind
from resolvers.faults import NAME, Faults
from resolvers.history import place_of_connection
from resolvers.oauth.revocation import forget_connection
from resolvers.operation import operation
from resolvers.people.members import MemberChange, member_change
from resolvers.people.subjects import enter_subject
from resolvers.unset import UNSET, Unset, given
from resolvers.work import Work

#: Every permission that a user may have: all but ACT_AS, which belongs to tokens alone.
USERS_PERMISSIONS: Final = tuple(word for word in Permission if word is not Permission.ACT_AS)
_MOST_NAMED: Final = 5
_OF_TOKENS: Final = "{} is a permission of tokens alone; an administrator puts it into a token."


@dataclass(frozen=True, kw_only=True)
class CreatePrincipal:
    """A new user or team. `permissions` limit its tokens. `subject`: its name in JWTs and in other organizations."""

    kind: PrincipalKind
    username: str
    display_name: str
    email: str | None = None
    subject: str | None = None
    custom_fields: dict[str, Any] | None = None
    permissions: Sequence[Permission] = ()
    member_ids: Sequence[str] | None = None


@dataclass(frozen=True, kw_only=True)
class UpdatePrincipal:
    """New values; an absent one stays unchanged. Null clears a value that may be empty."""

    id: str
    display_name: str | Unset | None = UNSET
    email: str | Unset | None = UNSET
    custom_fields: dict[str, Any] | Unset | None = UNSET
    permissions: Sequence[Permission] | Unset | None = UNSET
    member_ids: Sequence[str] | Unset | None = UNSET
    disabled: bool | Unset | None = UNSET


@operation(needs=Permission.ORGANIZATION_ADMIN, refuses=(NotFound, Conflict, InvalidInput))
async def create_principal(work: Work, new: CreatePrincipal) -> Principal:
    """Add a user or a team. Its permissions are at most the caller's own."""
    return await new_principal(work, new)


@operation(needs=Permission.ORGANIZATION_ADMIN, refuses=(NotFound, InvalidInput))
async def update_principal(work: Work, new: UpdatePrincipal) -> Principal:
    """Change a user or a team. Disabling ends its tokens at once. New permissions are at most the caller's own.

    Callers cannot disable themselves or take ORGANIZATION_ADMIN from themselves, so that an administrator remains.
    """
    principal = await work.lock(Principal, new.id, path=("id",))
    _check_update(work, new, principal)
    members = MemberChange()
    if not isinstance(new.member_ids, Unset):
        members = await member_change(work, principal, new.member_ids)
    principal.display_name = given(new.display_name, principal.display_name) or principal.display_name
    principal.name_key = name_key(principal.display_name)
    principal.search_text = folded(principal.display_name, principal.username)
    principal.email = given(new.email, principal.email)
    if not isinstance(new.custom_fields, Unset):
        principal.custom_fields = new.custom_fields or {}
    if not isinstance(new.permissions, Unset):
        principal.permissions = sorted(new.permissions or ())
    if isinstance(new.disabled, bool):
        principal.disabled_at = (principal.disabled_at or work.now()) if new.disabled else None
    work.audit(principal, "principal.updated", besides=members.shown)
    await members.make(work, principal)
    return principal


@operation(needs=Permission.ORGANIZATION_ADMIN, refuses=(NotFound, Conflict))
async def delete_principal(work: Work, id: str) -> str:
    """Remove a user or a team with its shares, tokens and own connections. Not the caller itself. Answers its id."""
    principal = await work.lock(Principal, id, path=("id",))
    if principal.id == work.caller.principal_id:
        raise Conflict("You cannot remove yourself; another administrator can.", existing=principal, path=("id",))
    await _refuse_owner(work, principal)
    for model, action in ((Share, "share.deleted"), (Token, "token.deleted")):
        for row in await work.all(select(model).where(col(model.principal_id) == principal.id)):
            work.audit(row, action)
            await work.remove(row)
    for connection in await work.all(select(Connection).where(col(Connection.principal_id) == principal.id)):
        work.audit(connection, "connection.deleted", integration_id=await place_of_connection(work, connection.id))
        await forget_connection(work, connection)
    work.audit(principal, "principal.deleted")
    await work.flush()
    await work.remove(principal)
    return principal.id


async def new_principal(work: Work, new: CreatePrincipal) -> Principal:
    """The body of `create_principal`, shared with operations that add to it.

    Raises InvalidInput, NotFound for an unknown member, Conflict for a username or subject that is taken.
    """
    _check(work, new)
    await _refuse_taken(work, col(Principal.username) == new.username, "username", new.username)
    if new.subject is not None:
        await _refuse_taken(work, col(Principal.subject) == new.subject, "subject", new.subject)
    principal = Principal(
        organization_id=work.organization_id,
        kind=new.kind,
        username=new.username,
        display_name=new.display_name,
        name_key=name_key(new.display_name),
        search_text=folded(new.display_name, new.username),
        email=new.email,
        subject=new.subject,
        custom_fields=new.custom_fields or {},
        permissions=sorted(new.permissions),
    )
    members = await member_change(work, principal, new.member_ids)
    await enter_subject(work, principal)
    work.add(principal)
    work.audit(principal, "principal.created", besides=members.shown)
    await work.flush()
    await members.make(work, principal)
    return principal


def _check(work: Work, new: CreatePrincipal) -> None:
    faults = Faults()
    faults.username("username", new.username)
    faults.name("display_name", new.display_name)
    faults.text("email", new.email, most=NAME, least=1)
    faults.text("subject", new.subject, most=NAME, least=1)
    acts = new.subject is None or new.kind is PrincipalKind.USER
    faults.check(acts, "subject", "A team has no subject; only a user can have one.")
    faults.object("custom_fields", new.custom_fields)
    _check_permissions(faults, work, new.permissions, held=())
    faults.refuse()


def _check_update(work: Work, new: UpdatePrincipal, principal: Principal) -> None:
    faults = Faults()
    faults.check(new.display_name is not None, "display_name", "It cannot be null.")
    faults.name("display_name", new.display_name)
    faults.text("email", new.email, most=NAME, least=1)
    faults.object("custom_fields", new.custom_fields)
    mine = principal.id == work.caller.principal_id
    if not isinstance(new.permissions, Unset):
        _check_permissions(faults, work, new.permissions or (), held=principal.permissions)
        stays = not mine or Permission.ORGANIZATION_ADMIN in (new.permissions or ())
        faults.check(stays, "permissions", "You cannot take ORGANIZATION_ADMIN from yourself.")
    faults.check(not (mine and new.disabled is True), "disabled", "You cannot disable yourself.")
    acts = not isinstance(new.disabled, bool) or principal.kind is PrincipalKind.USER
    faults.check(acts, "disabled", "A team cannot be disabled; remove its members or its shares.")
    faults.refuse()


def _check_permissions(faults: Faults, work: Work, words: Sequence[Permission], *, held: Sequence[str]) -> None:
    """Add a fault for each permission that neither the principal nor the caller has, or that no user can have."""
    for index, permission in enumerate(words):
        place = ("permissions", str(index))
        if permission not in USERS_PERMISSIONS:
            faults.add(place, _OF_TOKENS.format(permission))
            continue
        may = permission in held or permission in work.caller.permissions
        faults.check(may, place, f"You cannot give {permission}: you do not have it.")


async def _refuse_taken(work: Work, same: Any, field: str, value: str) -> None:
    existing = await work.first(work.mine(Principal).where(same))
    if existing is not None:
        raise Conflict(f"The {field} {value} is taken; choose another one.", existing=existing, path=(field,))


async def _refuse_owner(work: Work, principal: Principal) -> None:
    """Raise Conflict if the principal owns integrations; removed ones lose their owner."""
    integrations = await work.all(
        select(Integration)
        .where(col(Integration.owner_id) == principal.id, col(Integration.removed_at).is_(None))
        .order_by(col(Integration.name_key), col(Integration.id))
    )
    if integrations:
        handlers = ", ".join(integration.handler for integration in integrations[:_MOST_NAMED])
        more = f" and {len(integrations) - _MOST_NAMED} more" if len(integrations) > _MOST_NAMED else ""
        raise Conflict(
            f"It owns {handlers}{more}; give them another owner first.", existing=integrations[0], path=("id",)
        )
    await work.session.execute(
        update(Integration).where(col(Integration.owner_id) == principal.id).values(owner_id=None)
    )
