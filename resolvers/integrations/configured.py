"""Integrations as a vendor's form shows them: with the masks of their credentials and their definition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import col

from models.row import is_id
from models.tables import Connection, Definition, Integration, Registration
from models.vocabulary import ConnectionMode, Permission
from resolvers.access import accessible
from resolvers.auth_kinds import KINDS
from resolvers.definitions.edges import usable, usable_key
from resolvers.definitions.form import CLIENT_ID, CLIENT_SECRET
from resolvers.integrations.queries import IntegrationFilter
from resolvers.operation import operation
from resolvers.page import Order, Slice, SliceRequest
from resolvers.secret import MASKED
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class Configured:
    """An integration that the organization owns, its credentials as they may be read, and its definition.

    `credentials`: readable values and masks by field, those of the client or of the default shared connection. Empty
    for callers without CONNECTIONS_READ, and from the deletion on. `usable`: the organization can make another
    integration of the definition.
    """

    integration: Integration
    credentials: Mapping[str, str]
    definition: Definition | None = None
    usable: bool = False


@operation(needs=Permission.INTEGRATIONS_READ, reads=True)
async def list_configured(
    work: Work, filter: IntegrationFilter, order: Order, page: SliceRequest
) -> Slice[Configured]:
    """List integrations that the organization owns; removed ones only if the filter names their states."""
    owned = select(Integration).where(
        col(Integration.organization_id) == work.organization_id, accessible(work.caller), *filter.conditions()
    )
    if not filter.names_removed:
        owned = owned.where(col(Integration.removed_at).is_(None))
    found = await work.slice(owned, Integration, order, page)
    rows = await configured(work, found.rows)
    return Slice(rows=rows, has_next=found.has_next, has_previous=found.has_previous, total=found.total)


@operation(needs=Permission.INTEGRATIONS_READ, reads=True)
async def read_configured(work: Work, id: str) -> Configured | None:
    """Read one that the organization owns, also while it is being deleted and afterwards; None if there is none."""
    if not is_id(id):
        return None
    owned = select(Integration).where(
        col(Integration.id) == id, col(Integration.organization_id) == work.organization_id, accessible(work.caller)
    )
    integration = await work.first(owned)
    return None if integration is None else (await configured(work, [integration]))[0]


async def configured(work: Work, integrations: Sequence[Integration]) -> list[Configured]:
    """Their connections and definitions, in three statements."""
    credentials = await _credentials(work, integrations)
    ids = {one.definition_id for one in integrations if one.definition_id is not None}
    rows = await work.all(work.mine(Definition).where(col(Definition.id).in_(ids))) if ids else []
    definitions = {row.id: row for row in rows}
    takes_another = await usable(work.session, work.caller, [usable_key(row) for row in rows])
    found = []
    for one in integrations:
        definition = definitions.get(one.definition_id or "")
        found.append(
            Configured(
                integration=one,
                credentials=credentials.get(one.id, {}),
                definition=definition,
                usable=definition is not None and takes_another[usable_key(definition)],
            )
        )
    return found


async def _credentials(work: Work, integrations: Sequence[Integration]) -> dict[str, Mapping[str, str]]:
    living = [one for one in integrations if one.removed_at is None]
    if not living or not work.caller.may(Permission.CONNECTIONS_READ):
        return {}
    clients = {one.id: _client(one) for one in living if KINDS[one.auth_type].renewed}
    return {key: row.masks for key, row in (await _connections(work, living)).items()} | clients


def _client(row: Integration) -> Mapping[str, str]:
    shown = {} if row.client_id is None else {CLIENT_ID: row.client_id}
    return shown if row.client_secret is None else {**shown, CLIENT_SECRET: MASKED}


async def _connections(work: Work, integrations: Sequence[Integration]) -> dict[str, Connection]:
    """The default shared connections by integration."""
    statement = (
        select(col(Registration.integration_id), Connection)
        .join(Connection, col(Connection.id) == col(Registration.connection_id))
        .where(
            col(Registration.integration_id).in_([one.id for one in integrations]),
            col(Registration.organization_id) == work.organization_id,
            col(Registration.is_default),
            col(Connection.mode) == ConnectionMode.SHARED,
        )
    )
    return {row[0]: row[1] for row in await work.session.execute(statement)}
