"""What nearly every request looks up: the token behind a digest, the capability behind a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, inspect, or_
from sqlmodel import col

from models.straight import StraightSelect, columns_of
from models.tables import (
    Capability,
    Connection,
    ConnectSession,
    Definition,
    Installation,
    Integration,
    Organization,
    Principal,
    Registration,
    Token,
)
from resolvers.pick import usable
from resolvers.scope import acting, visible

if TYPE_CHECKING:
    from models.database import Database
    from resolvers.caller import Caller

#: What of a caller decides which rows exist for it, besides `is_admin`.
_FACTS: Final = ("organization_id", "principal_id", "integration_id")
_DECISIVE: Final = (Capability, Integration, Installation, Definition, Registration, Connection)


@dataclass(frozen=True, kw_only=True)
class FoundToken:
    """A token and, for a personal one, its principal."""

    token: Token
    principal: Principal | None


@dataclass(frozen=True, kw_only=True)
class Membership:
    """An organization, and the principal as which somebody acts there."""

    organization: Organization
    principal: Principal


@dataclass(frozen=True, kw_only=True)
class FoundCapability:
    """A capability and what decides whether and how it can be dispatched by a caller."""

    capability: Capability
    integration: Integration
    installation: Installation | None
    definition: Definition | None
    candidates: Sequence[tuple[Registration, Connection]]


@dataclass(frozen=True, kw_only=True)
class CapabilityName:
    """A capability by the words of a path: the handler by which the organization calls the app, and the name."""

    handler: str
    name: str


class Lookup:
    """Reads straight from the driver, in one statement each. Nothing that was read is kept."""

    def __init__(self, database: Database) -> None:
        self._reader = database.reader
        self._dialect = database.engine.dialect
        self._token = StraightSelect(_select_token(), Token, Principal, dialect=self._dialect)
        self._organization = StraightSelect(_select_organization(), Organization, dialect=self._dialect)
        self._connect_session = StraightSelect(_select_connect_session(), ConnectSession, dialect=self._dialect)
        self._memberships = StraightSelect(_select_memberships(), Organization, Principal, dialect=self._dialect)
        #: By what changes the text of the statement, which is little: the values are parameters.
        self._capability: dict[tuple[object, ...], StraightSelect] = {}

    async def token(self, digest: str) -> FoundToken | None:
        """The token with this SHA-256, whatever its state. Raises Unavailable."""
        records = await self._reader.fetch(self._token.sql, self._token.parameters({"digest": digest}))
        for token, principal in self._token.rows(records):
            return FoundToken(token=token, principal=principal)
        return None

    async def organization(self, id: str) -> Organization | None:
        """An organization by id. Raises Unavailable."""
        statement = self._organization
        rows = statement.rows(await self._reader.fetch(statement.sql, statement.parameters({"id": id})))
        return rows[0][0] if rows else None

    async def connect_session(
        self, *, link_digest: str | None = None, state_digest: str | None = None
    ) -> ConnectSession | None:
        """The session with this SHA-256 of its link or its state, whatever became of it. Raises Unavailable."""
        statement = self._connect_session
        known = {"link_digest": link_digest or "", "state_digest": state_digest or ""}
        rows = statement.rows(await self._reader.fetch(statement.sql, statement.parameters(known)))
        return rows[0][0] if rows else None

    async def memberships(self, subject: str) -> list[Membership]:
        """Where somebody with this subject may act, and as whom: one principal in each organization, oldest first.

        Raises Unavailable.
        """
        statement = self._memberships
        records = await self._reader.fetch(statement.sql, statement.parameters({"subject": subject}))
        return [Membership(organization=row[0], principal=row[1]) for row in statement.rows(records)]

    async def capability(self, caller: Caller, ref: str | CapabilityName) -> FoundCapability | None:
        """A capability that exists for the caller, by id or by name, with all that a dispatch must know.

        Raises Unavailable.
        """
        statement = self._statement(caller, by_id=isinstance(ref, str))
        named = {"id": ref} if isinstance(ref, str) else {"handler": ref.handler, "name": ref.name}
        values = named | {fact: getattr(caller, fact) for fact in _FACTS}
        rows = statement.rows(await self._reader.fetch(statement.sql, statement.parameters(values)))
        if not rows:
            return None
        capability, integration, installation, definition, *_ = rows[0]
        # A name may fit one that is installed and another that is not: the first of them counts, as it is ordered.
        here = [row for row in rows if row[0].id == capability.id]
        return FoundCapability(
            capability=capability,
            integration=integration,
            installation=installation,
            definition=definition,
            candidates=[(row[4], row[5]) for row in here if row[4] is not None],
        )

    def _statement(self, caller: Caller, *, by_id: bool) -> StraightSelect:
        known: dict[str, Any] = {fact: bindparam(fact) for fact in _FACTS if getattr(caller, fact) is not None}
        shape = (by_id, caller.is_admin, *known)
        if shape not in self._capability:
            template: Any = replace(caller, **known)  # parameters in place of values
            select_it = _select_capability(template, by_id=by_id)
            self._capability[shape] = StraightSelect(select_it, *_DECISIVE, dialect=self._dialect)
        return self._capability[shape]


def _select_token() -> Select[Any]:
    return (
        columns_of(Token, Principal)
        .select_from(Token)
        .outerjoin(Principal, col(Principal.id) == col(Token.principal_id))
        .where(col(Token.digest) == bindparam("digest"))
    )


def _select_organization() -> Select[Any]:
    return columns_of(Organization).where(col(Organization.id) == bindparam("id"))


def _select_connect_session() -> Select[Any]:
    return columns_of(ConnectSession).where(
        or_(
            col(ConnectSession.link_digest) == bindparam("link_digest"),
            col(ConnectSession.state_digest) == bindparam("state_digest"),
        )
    )


def _select_memberships() -> Select[Any]:
    return (
        columns_of(Organization, Principal)
        .select_from(Organization)
        .join(Principal, col(Principal.organization_id) == col(Organization.id))
        .where(*acting(bindparam("subject")))
        .order_by(col(Organization.id))
    )


def _select_capability(caller: Caller, *, by_id: bool) -> Select[Any]:
    installed = and_(
        col(Installation.integration_id) == col(Integration.id),
        col(Installation.organization_id) == caller.organization_id,
    )
    registrations, connections = inspect(Registration).local_table, inspect(Connection).local_table
    registered = registrations.join(connections, col(Connection.id) == col(Registration.connection_id))
    by_name = and_(called(caller, bindparam("handler")), col(Capability.name) == bindparam("name"))
    return (
        columns_of(*_DECISIVE)
        .select_from(Capability)
        .join(Integration, col(Integration.id) == col(Capability.integration_id))
        .outerjoin(Installation, installed)
        .outerjoin(Definition, col(Definition.id) == col(Integration.definition_id))
        .outerjoin(registered, and_(col(Registration.integration_id) == col(Integration.id), usable(caller)))
        .where(*visible(caller, Integration), col(Capability.id) == bindparam("id") if by_id else by_name)
        .order_by(col(Installation.id).is_(None), col(Registration.id))
    )


def called(caller: Caller, handler: str | BindParameter[Any]) -> ColumnElement[bool]:
    """Whether the caller's organization calls an integration by this handler: its installation's, else its own.

    Asks for Integration with Installation joined to it from outside.
    """
    uninstalled = and_(
        col(Installation.id).is_(None),
        col(Integration.organization_id) == caller.organization_id,
        col(Integration.handler) == handler,
    )
    return or_(col(Installation.handler) == handler, uninstalled)
