"""Lookup: rows for authentication, read before there is a caller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, bindparam, or_
from sqlmodel import col

from models.database import Database
from models.row import is_id
from models.straight import columns_of
from models.tables import ConnectSession, Organization, Principal, Token
from resolvers.scope import of_subject


@dataclass(frozen=True, kw_only=True)
class FoundToken:
    """A token and the users that limit it: the principal of a personal one, and the maker of any.

    A maker that was removed is None, although `token.created_by` names it.
    """

    token: Token
    principal: Principal | None = None
    maker: Principal | None = None


@dataclass(frozen=True, kw_only=True)
class UserRef:
    """One user of an organization, by exactly one of its names."""

    id: str | None = None
    username: str | None = None
    subject: str | None = None


@dataclass(frozen=True, kw_only=True)
class Membership:
    """An organization, and a subject's principal there."""

    organization: Organization
    principal: Principal

    @property
    def is_active(self) -> bool:
        """Whether the user may act there."""
        return self.principal.disabled_at is None


class Lookup:
    """Straight reads, one statement each. No row is cached."""

    def __init__(self, database: Database) -> None:
        self._straight = database.straight

    async def token(self, digest: str) -> FoundToken | None:
        """The token with this SHA-256, in any state. Raises Unavailable."""
        rows = await self._straight.rows(_token, entities=(Token, Principal), values={"digest": digest})
        if not rows:
            return None
        token: Token = rows[0][0]
        users = {user.id: user for _, user in rows if user is not None}
        return FoundToken(token=token, principal=users.get(token.principal_id), maker=users.get(token.created_by))

    async def organization(self, id: str) -> Organization | None:
        """An organization by id. Raises Unavailable."""
        rows = await self._straight.rows(_organization, entities=(Organization,), values={"id": id})
        return rows[0][0] if rows else None

    async def principal(self, organization_id: str, ref: UserRef) -> Principal | None:
        """A principal of an organization by one of its names, in any state. Raises Unavailable."""
        named = next(((name, value) for name, value in vars(ref).items() if value is not None), None)
        if named is None:
            return None
        name, value = named
        if name == "id" and not is_id(value):
            return None
        values = {"organization_id": organization_id, "value": value}
        rows = await self._straight.rows(_principal, name, entities=(Principal,), values=values)
        return rows[0][0] if rows else None

    async def connect_session(
        self, *, link_digest: str | None = None, state_digest: str | None = None
    ) -> ConnectSession | None:
        """The session with this SHA-256 of its link or its state, in any status. Raises Unavailable."""
        digests = {"link_digest": link_digest or "", "state_digest": state_digest or ""}
        rows = await self._straight.rows(_connect_session, entities=(ConnectSession,), values=digests)
        return rows[0][0] if rows else None

    async def memberships(self, subject: str) -> list[Membership]:
        """The organizations with a user of a subject, and that user, who may be disabled.

        First comes the one that decides if none is named: the oldest that the operator entered, else the oldest.
        Claims come last: they never decide. Raises Unavailable.
        """
        rows = await self._straight.rows(
            _memberships, entities=(Organization, Principal), values={"subject": subject}
        )
        return [Membership(organization=row[0], principal=row[1]) for row in rows]


def _token() -> Select[Any]:
    """One row for each of its users, at least one."""
    users = col(Principal.id).in_([col(Token.principal_id), col(Token.created_by)])
    return (
        columns_of(Token, Principal)
        .select_from(Token)
        .outerjoin(Principal, users)
        .where(col(Token.digest) == bindparam("digest"))
    )


def _organization() -> Select[Any]:
    return columns_of(Organization).where(col(Organization.id) == bindparam("id"))


def _principal(name: str) -> Select[Any]:
    columns = {"id": col(Principal.id), "username": col(Principal.username), "subject": col(Principal.subject)}
    return columns_of(Principal).where(
        col(Principal.organization_id) == bindparam("organization_id"), columns[name] == bindparam("value")
    )


def _connect_session() -> Select[Any]:
    return columns_of(ConnectSession).where(
        or_(
            col(ConnectSession.link_digest) == bindparam("link_digest"),
            col(ConnectSession.state_digest) == bindparam("state_digest"),
        )
    )


def _memberships() -> Select[Any]:
    return (
        columns_of(Organization, Principal)
        .select_from(Organization)
        .join(Principal, col(Principal.organization_id) == col(Organization.id))
        .where(*of_subject(bindparam("subject")))
        .order_by(col(Principal.subject_confirmed).desc(), col(Principal.subject_claimed), col(Principal.id))
    )
