"""What nearly every request looks up: the token behind a digest, the capability behind a name.

One place, so that a faster reader replaces these bodies and no caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlmodel import col

from models.tables import (
    Capability,
    Connection,
    Definition,
    Installation,
    Integration,
    Principal,
    Registration,
    Token,
)
from resolvers.pick import candidates
from resolvers.scope import visible

if TYPE_CHECKING:
    from models.database import Database
    from resolvers.caller import Caller


@dataclass(frozen=True, kw_only=True)
class FoundToken:
    """A token and, for a personal one, its principal."""

    token: Token
    principal: Principal | None


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
    """Reads through the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def token(self, digest: str) -> FoundToken | None:
        """The token with this SHA-256, whatever its state."""
        statement = (
            select(Token, Principal)
            .outerjoin(Principal, col(Principal.id) == col(Token.principal_id))
            .where(col(Token.digest) == digest)
        )
        async with self._database.read() as session:
            row = (await session.execute(statement)).first()
        return None if row is None else FoundToken(token=row[0], principal=row[1])

    async def capability(self, caller: Caller, ref: str | CapabilityName) -> FoundCapability | None:
        """A capability that exists for the caller, by id or by name, with all that a dispatch must know."""
        installed = and_(
            col(Installation.integration_id) == col(Integration.id),
            col(Installation.organization_id) == caller.organization_id,
        )
        statement = (
            select(Capability, Integration, Installation, Definition)
            .join(Integration, col(Integration.id) == col(Capability.integration_id))
            .outerjoin(Installation, installed)
            .outerjoin(Definition, col(Definition.id) == col(Integration.definition_id))
            .where(*visible(caller, Integration), _named(caller, ref))
        )
        async with self._database.read() as session:
            row = (await session.execute(statement)).first()
            if row is None:
                return None
            capability, integration, installation, definition = row
            found = (await session.execute(candidates(caller, [integration.id]))).all()
        return FoundCapability(
            capability=capability,
            integration=integration,
            installation=installation,
            definition=definition,
            candidates=[(registration, connection) for registration, connection in found],
        )


def called(caller: Caller, handler: str) -> ColumnElement[bool]:
    """Whether the caller's organization calls an integration by this handler: its installation's, else its own.

    Asks for Integration with Installation joined to it from outside.
    """
    uninstalled = and_(
        col(Installation.id).is_(None),
        col(Integration.organization_id) == caller.organization_id,
        col(Integration.handler) == handler,
    )
    return or_(col(Installation.handler) == handler, uninstalled)


def _named(caller: Caller, ref: str | CapabilityName) -> Any:
    if isinstance(ref, str):
        return col(Capability.id) == ref
    return and_(called(caller, ref.handler), col(Capability.name) == ref.name)
