"""Edges from integrations and their shares, and batch relations of integrations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.tables import (
    AuditEntry,
    Capability,
    Connection,
    Definition,
    Dispatch,
    Event,
    EventType,
    Installation,
    Integration,
    IntegrationTag,
    Organization,
    Principal,
    Registration,
    Share,
    Tag,
    Workspace,
)
from models.vocabulary import Permission
from resolvers.access import MANAGE, accessible
from resolvers.caller import Caller
from resolvers.capabilities.queries import BY_NAME, BY_POSITION
from resolvers.filters import equal
from resolvers.granted import ScopeRules
from resolvers.loaders.edge import Edge, Link, Relation, public
from resolvers.page import BY_NAME_KEY, NEWEST_FIRST
from resolvers.pick import candidates, pick
from resolvers.reach import Conditions
from resolvers.readiness import Readiness
from resolvers.scope import visible

CapabilityKey = tuple[str, str]


def _own(caller: Caller, model: Any) -> Conditions:
    return [*visible(caller, model), model.organization_id == caller.organization_id]


def _any_in_organization(caller: Caller, model: Any) -> Conditions:
    return [model.organization_id == caller.organization_id]


async def _readiness(session: AsyncSession, caller: Caller, integration_ids: Sequence[str]) -> dict[str, Readiness]:
    """Only the columns that decide, but for the connections, which are shown too."""
    installed = and_(
        col(Installation.integration_id) == col(Integration.id),
        col(Installation.organization_id) == caller.organization_id,
    )
    deciding = (
        select(*map(col, (Integration.id, Integration.organization_id, Integration.auth_type, Integration.state)))
        .add_columns(*map(col, (Integration.api_base_url, Integration.headers_origins)))
        .add_columns(col(Installation.status), col(Definition.requires_verification), col(Definition.body))
        .outerjoin(Installation, installed)
        .outerjoin(Definition, col(Definition.id) == col(Integration.definition_id))
        .where(col(Integration.id).in_(integration_ids), *visible(caller, Integration))
    )
    rows = (await session.execute(deciding)).all()
    found = await candidates(session, caller, [row.id for row in rows])
    return {
        row.id: Readiness(
            state=row.state,
            status=row.status,
            requires_verification=bool(row.requires_verification),
            picked=pick(caller, row, found[row.id]),
            api_base_url=row.api_base_url,
            headers_origins=row.headers_origins,
            scope_rules=ScopeRules.of(row.body),
        )
        for row in rows
    }


async def _manageable(session: AsyncSession, caller: Caller, integration_ids: Sequence[str]) -> dict[str, bool]:
    if not caller.may(Permission.INTEGRATIONS_WRITE):
        return dict.fromkeys(integration_ids, False)
    allowed = (
        await session.execute(
            select(col(Integration.id)).where(
                col(Integration.id).in_(integration_ids),
                col(Integration.organization_id) == caller.organization_id,
                accessible(caller, least=MANAGE),
                *equal(col(Integration.id), caller.app_id),
            )
        )
    ).scalars()
    return dict.fromkeys(integration_ids, False) | dict.fromkeys(allowed, True)


async def _capabilities_by_name(
    session: AsyncSession, caller: Caller, keys: Sequence[CapabilityKey]
) -> dict[CapabilityKey, Capability]:
    rows = (
        await session.execute(
            select(Capability).where(
                col(Capability.integration_id).in_({key[0] for key in keys}),
                col(Capability.name).in_({key[1] for key in keys}),
                *visible(caller, Capability),
            )
        )
    ).scalars()
    return {(row.integration_id, row.name): row for row in rows}


#: The row itself, if it is the organization's own and exists for the caller: not as a public app alone.
OWN_BY_INTEGRATION = Edge(source=Integration, target=Integration, rows=_own)
PUBLISHER_BY_INTEGRATION = Edge(source=Integration, target=Organization, local="organization_id", rows=public)
DEFINITION_BY_INTEGRATION = Edge(source=Integration, target=Definition, local="definition_id")
OWNER_BY_INTEGRATION = Edge(source=Integration, target=Principal, local="owner_id", rows=_any_in_organization)
WORKSPACE_BY_INTEGRATION = Edge(source=Integration, target=Workspace, remote="integration_id")
INSTALLATION_BY_INTEGRATION = Edge(
    source=Integration, target=Installation, remote="integration_id", rows=_own, needs=Permission.INSTALLATIONS_READ
)
INSTALLATIONS_BY_INTEGRATION = Edge(
    source=Integration, target=Installation, remote="integration_id", needs=Permission.INSTALLATIONS_READ
)
TAGS_BY_INTEGRATION = Edge(
    source=Integration,
    target=Tag,
    link=Link(table=IntegrationTag, source="integration_id", target="tag_id"),
    order=BY_NAME_KEY,
)
SHARES_BY_INTEGRATION = Edge(
    source=Integration, target=Share, remote="integration_id", needs=Permission.INTEGRATIONS_SHARE
)
CAPABILITIES_BY_INTEGRATION = Edge(source=Integration, target=Capability, remote="integration_id", order=BY_POSITION)
EVENT_TYPES_BY_INTEGRATION = Edge(source=Integration, target=EventType, remote="integration_id", order=BY_NAME)
CONNECTIONS_BY_INTEGRATION = Edge(
    source=Integration,
    target=Connection,
    link=Link(table=Registration, source="integration_id", target="connection_id"),
    order=BY_NAME_KEY,
    needs=Permission.CONNECTIONS_READ,
)
EVENTS_BY_INTEGRATION = Edge(
    source=Integration, target=Event, remote="integration_id", order=NEWEST_FIRST, needs=Permission.EVENTS_READ
)
DISPATCHES_BY_INTEGRATION = Edge(
    source=Integration, target=Dispatch, remote="integration_id", order=NEWEST_FIRST, needs=Permission.DISPATCHES_READ
)
AUDIT_ENTRIES_BY_INTEGRATION = Edge(
    source=Integration, target=AuditEntry, remote="integration_id", order=NEWEST_FIRST, needs=Permission.AUDIT_READ
)
PRINCIPAL_BY_SHARE = Edge(source=Share, target=Principal, local="principal_id")
READINESS_BY_INTEGRATION = Relation(load=_readiness)
MANAGEABLE_BY_INTEGRATION = Relation(load=_manageable)
CAPABILITY_BY_NAME = Relation(load=_capabilities_by_name)
