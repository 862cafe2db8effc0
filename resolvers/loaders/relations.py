"""Batch relations that are not one row: what would be used, whether it is available, what may be changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TypeGuard

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.row import Row
from models.tables import Capability, Connection, Definition, Installation, Integration
from models.vocabulary import Permission
from resolvers.caller import Caller
from resolvers.loaders.edge import Relation
from resolvers.pick import Candidate, Pick, candidates, pick
from resolvers.readiness import Availability, availability
from resolvers.scope import MANAGE, accessible, visible

CapabilityKey = tuple[str, str]
DefinitionKey = tuple[str, bool, bool]


async def _connections(
    session: AsyncSession, caller: Caller, integration_ids: Sequence[str]
) -> dict[str, Connection | None]:
    integrations = (
        await session.execute(
            select(Integration).where(col(Integration.id).in_(integration_ids), *visible(caller, Integration))
        )
    ).scalars()
    found = await _candidates(session, caller, integration_ids)
    picks = {row.id: pick(caller, row, found[row.id]) for row in integrations}
    return {key: _shown(picked) for key, picked in picks.items()}


async def _availabilities(
    session: AsyncSession, caller: Caller, capability_ids: Sequence[str]
) -> dict[str, Availability]:
    installed = and_(
        col(Installation.integration_id) == col(Integration.id),
        col(Installation.organization_id) == caller.organization_id,
    )
    rows = (
        await session.execute(
            select(Capability, Integration, Installation, Definition)
            .join(Integration, col(Integration.id) == col(Capability.integration_id))
            .outerjoin(Installation, installed)
            .outerjoin(Definition, col(Definition.id) == col(Integration.definition_id))
            .where(col(Capability.id).in_(capability_ids))
        )
    ).all()
    found = await _candidates(session, caller, sorted({row[1].id for row in rows}))
    return {
        capability.id: availability(
            capability, integration, installation, definition, pick(caller, integration, found[integration.id])
        )
        for capability, integration, installation, definition in rows
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


async def _allowed_capabilities(
    session: AsyncSession, caller: Caller, keys: Sequence[tuple[str, ...]]
) -> dict[tuple[str, ...], list[Capability]]:
    wanted = {capability_id for key in keys for capability_id in key}
    chosen = select(Capability).where(col(Capability.id).in_(wanted), *visible(caller, Capability))
    found = {row.id: row for row in (await session.execute(chosen)).scalars()}
    return {key: [found[one] for one in key if one in found] for key in keys}


async def _offered(
    session: AsyncSession, caller: Caller, keys: Sequence[tuple[str, ...]]
) -> dict[tuple[str, ...], list[Integration]]:
    wanted = {integration_id for key in keys for integration_id in key}
    offered = select(Integration).where(col(Integration.id).in_(wanted), *visible(caller, Integration))
    found = {row.id: row for row in (await session.execute(offered)).scalars()}
    return {key: [found[one] for one in key if one in found] for key in keys}


async def _rows(
    session: AsyncSession, caller: Caller, keys: Sequence[tuple[type[Row] | None, str]]
) -> dict[tuple[type[Row] | None, str], Row]:
    """Rows of the tables that are reached by id, those that the caller may read at all; None is no table."""
    wanted: dict[type[Row], list[str]] = defaultdict(list)
    for model, row_id in keys:
        if _is_readable(model, caller):
            wanted[model].append(row_id)
    found: dict[tuple[type[Row] | None, str], Row] = {}
    for model, ids in wanted.items():
        chosen = select(model).where(col(model.id).in_(ids), *visible(caller, model))
        found |= {(model, row.id): row for row in (await session.execute(chosen)).scalars()}
    return found


def _is_readable(model: type[Row] | None, caller: Caller) -> TypeGuard[type[Row]]:
    if model is None or not hasattr(model, "read_permission"):
        return False
    return model.read_permission is None or caller.may(model.read_permission)


async def _candidates(
    session: AsyncSession, caller: Caller, integration_ids: Sequence[str]
) -> dict[str, list[Candidate]]:
    found: dict[str, list[Candidate]] = defaultdict(list)
    for registration, connection in (await session.execute(candidates(caller, integration_ids))).all():
        found[registration.integration_id].append((registration, connection))
    return found


def _shown(picked: Pick) -> Connection | None:
    return None if picked.borrowed else picked.connection


async def _usable(session: AsyncSession, caller: Caller, keys: Sequence[DefinitionKey]) -> dict[DefinitionKey, bool]:
    """By (id, deprecated, supports several)."""
    single = [key[0] for key in keys if not key[2]]
    used = select(col(Integration.definition_id)).where(
        col(Integration.definition_id).in_(single),
        col(Integration.organization_id) == caller.organization_id,
        col(Integration.removed_at).is_(None),
    )
    taken = set((await session.execute(used)).scalars()) if single else set()
    return {key: not key[1] and key[0] not in taken for key in keys}


ALLOWED_CAPABILITIES = Relation(name="AllowedCapabilitiesByToken", load=_allowed_capabilities)
OFFERED_INTEGRATIONS = Relation(name="IntegrationsByConnectSession", load=_offered)
CONNECTION = Relation(name="ConnectionByIntegration", load=_connections)
AVAILABILITY = Relation(name="AvailabilityByCapability", load=_availabilities)
MANAGEABLE = Relation(name="ManageableByIntegration", load=_manageable)
CAPABILITY_BY_NAME = Relation(name="CapabilityByName", load=_capabilities_by_name)
USABLE = Relation(name="UsableByDefinition", load=_usable)
ROW = Relation(name="RowByTable", load=_rows)
