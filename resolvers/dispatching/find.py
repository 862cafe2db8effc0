"""Find the capability of a call, with every row that decides if and how it can be dispatched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BindParameter, Select, and_, bindparam, inspect
from sqlmodel import col

from models.straight import columns_of
from models.tables import Capability, Connection, Definition, Installation, Integration, Registration
from resolvers.caller import Caller
from resolvers.find import called
from resolvers.pick import Candidate, usable
from resolvers.scope import visible

_DECISIVE: Final = (Capability, Integration, Installation, Definition, Registration, Connection)
#: The facts of a caller that are parameters of the statement; a fact that a caller lacks changes its text.
_FACTS: Final = ("organization_id", "principal_id", "integration_id", "narrowed_by")
#: How the parameters begin that are facts of the token's caller, while it acts for a user.
_ACTOR: Final = "actor_"


@dataclass(frozen=True, kw_only=True)
class CapabilityName:
    """A capability by the words of a path: the handler by which the organization calls the app, and the name."""

    handler: str
    name: str


@dataclass(frozen=True, kw_only=True)
class FoundCapability:
    """A capability with its related rows. `candidates` are the connections that the caller could use."""

    capability: Capability
    integration: Integration
    installation: Installation | None
    definition: Definition | None
    candidates: Sequence[Candidate]


@dataclass(frozen=True, kw_only=True)
class _Shape:
    """The facts that a caller has. Callers of one shape share a statement."""

    is_admin: bool
    is_principal: bool
    is_integration: bool
    is_narrowed: bool
    acted_by: _Shape | None

    @classmethod
    def of(cls, caller: Caller) -> _Shape:
        """The shape of a caller."""
        return cls(
            is_admin=caller.is_admin,
            is_principal=caller.principal_id is not None,
            is_integration=caller.integration_id is not None,
            is_narrowed=caller.narrowed_by is not None,
            acted_by=None if caller.acted_by is None else cls.of(caller.acted_by),
        )

    def parameters(self, prefix: str = "") -> _Parameters:
        """The parameters of a statement for this shape."""
        return _Parameters(
            organization_id=bindparam("organization_id"),
            principal_id=bindparam(f"{prefix}principal_id") if self.is_principal else None,
            integration_id=bindparam(f"{prefix}integration_id") if self.is_integration else None,
            narrowed_by=bindparam(f"{prefix}narrowed_by") if self.is_narrowed else None,
            is_admin=self.is_admin,
            acted_by=None if self.acted_by is None else self.acted_by.parameters(_ACTOR),
        )


@dataclass(frozen=True, kw_only=True)
class _Parameters:
    """A caller whose facts are parameters of a statement, so that one statement serves all callers alike."""

    organization_id: BindParameter[str]
    principal_id: BindParameter[str] | None
    integration_id: BindParameter[str] | None
    narrowed_by: BindParameter[str] | None
    is_admin: bool
    acted_by: _Parameters | None
    installation_id: None = None
    token_id: None = None
    subject: None = None


async def find_capability(caller: Caller, ref: str | CapabilityName) -> FoundCapability | None:
    """A capability that exists for the caller, by id or by name, in one statement. Raises Unavailable."""
    facts = {fact: getattr(caller, fact) for fact in _FACTS}
    if caller.acted_by is not None:
        facts |= {f"{_ACTOR}{fact}": getattr(caller.acted_by, fact) for fact in _FACTS}
    named = {"id": ref} if isinstance(ref, str) else {"handler": ref.handler, "name": ref.name}
    rows = await caller.hub.database.straight.rows(
        _select,
        isinstance(ref, str),
        _Shape.of(caller),
        entities=_DECISIVE,
        values=facts | named,
    )
    if not rows:
        return None
    capability, integration, installation, definition, *_ = rows[0]
    # A name may fit an installed capability and another one: the order puts the right one first.
    here = [row for row in rows if row[0].id == capability.id]
    return FoundCapability(
        capability=capability,
        integration=integration,
        installation=installation,
        definition=definition,
        candidates=[(row[4].is_default, row[5]) for row in here if row[4] is not None],
    )


def _select(by_id: bool, shape: _Shape) -> Select[Any]:
    caller = shape.parameters()
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
