"""Deleting an integration: hidden at once, and finished by a job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Select, Table, delete, exists, select
from sqlmodel import col

from jobs.job import NewJob, PlannedTask, Retry
from models.errors import Conflict, Forbidden, NotFound, Stale
from models.tables import (
    Asset,
    Connection,
    ConnectSession,
    Flow,
    Installation,
    Integration,
    IntegrationTag,
    Job,
    Publication,
    Registration,
    Step,
    Token,
    metadata,
)
from models.vocabulary import HubEvent, IntegrationState, Permission
from proxy.oauth import TokenEndpoint
from resolvers.announcing import announce_installation, announce_integration
from resolvers.find import IntegrationRef, governed_integration
from resolvers.flow_ends import end_flows
from resolvers.flow_uses import require_unused_integration
from resolvers.integrations.tags import hold_tags, remove_unused_tags
from resolvers.oauth.revocation import forget_connection, revocation_endpoint, with_client
from resolvers.operation import operation
from resolvers.tasks import drop_tasks
from resolvers.work import Work

FINISH: Final = "integration.delete"
#: The task of the job, and its step.
REMOVE: Final = "Remove its connections"
FORGET: Final = ("Forget its credentials", "Jobs of their own revoke tokens at the vendor.")
_MAX_ATTEMPTS: Final = 10
_BITE: Final = 100
#: Rows that give access to an integration or show it to others; they are removed at once.
_DOORS: Final = (Token, Installation, Publication, Asset, IntegrationTag)
#: Rows that stay: a connect session shows its result for another day.
_STAY: Final = (ConnectSession,)


@dataclass(frozen=True, kw_only=True)
class Deletion:
    """The id of the deleted integration, and the job that finishes the deletion."""

    id: str
    job: Job


@dataclass(frozen=True, kw_only=True)
class DeletedIntegration:
    """A hidden integration, and its OAuth client at the vendor, for the revocation of tokens."""

    id: str
    client: TokenEndpoint | None = None


@operation(needs=Permission.INTEGRATIONS_DELETE, refuses=(NotFound, Conflict, Forbidden, Stale))
async def delete_integration(work: Work, id: str | IntegrationRef, expected_version: int | None = None) -> Deletion:
    """Delete an integration and all rows that only it has. It is hidden, and all access to it ends, at once."""
    return await begin_deletion(
        work, await governed_integration(work, id, expected_version=expected_version, path=("id",))
    )


async def begin_deletion(work: Work, integration: Integration) -> Deletion:
    """Hide a locked integration, end its flows and all access to it, and enqueue the job that removes the rest.

    Raises Conflict if other flows of the organization use it.
    """
    await require_unused_integration(work, integration, _only_of(work, integration.id))
    work.audit(integration, "integration.deleted")
    client = revocation_endpoint(work, integration)
    now = work.now()
    integration.state = IntegrationState.DELETING
    integration.state_changed_at = integration.removed_at = now
    integration.client_secret = integration.headers = None
    integration.client_secret_origins = integration.headers_origins = None
    integration.header_hints = []
    integration.icon_asset_id = None
    integration.version += 1
    await work.flush()
    announce_integration(work, integration, HubEvent.INTEGRATION_DELETED)
    for installation in await work.all(_installations_of(integration)):
        announce_installation(work, installation, HubEvent.INSTALLATION_UNINSTALLED)
    await drop_tasks(work, integration.id)
    await end_flows(work, col(Flow.integration_id) == integration.id)
    await work.session.execute(delete(Step).where(*_steps_of(work, integration)))
    await hold_tags(work)
    for door in _DOORS:
        await work.session.execute(delete(door).where(col(door.integration_id) == integration.id))
    await remove_unused_tags(work)
    return Deletion(id=integration.id, job=await ask_to_finish(work, integration, client))


@operation(needs=Permission.INTEGRATIONS_DELETE)
async def forget_connections(work: Work, gone: DeletedIntegration) -> int:
    """Remove up to 100 connections that only a hidden integration has, and have their tokens revoked.

    Answers how many; 0 if none are left.
    """
    deleting = select(col(Integration.id)).where(
        col(Integration.id) == gone.id,
        col(Integration.organization_id) == work.organization_id,
        col(Integration.state) == IntegrationState.DELETING,
    )
    own = _only_of(work, gone.id).where(exists(deleting))
    bite = await work.all(own.order_by(col(Connection.id)).limit(_BITE).with_for_update())
    for connection in bite:
        work.audit(connection, "connection.deleted", integration_id=gone.id)
        await forget_connection(work, connection, client=gone.client)
    return len(bite)


@operation(needs=Permission.INTEGRATIONS_DELETE)
async def finish_deletion(work: Work, id: str) -> None:
    """Remove the rows that only a hidden integration has. A second run changes nothing.

    Raises Retry if a connection is left that only this integration has: `forget_connections` comes first.
    """
    deleting = select(Integration).where(
        col(Integration.id) == id,
        col(Integration.organization_id) == work.organization_id,
        col(Integration.state) == IntegrationState.DELETING,
    )
    integration = await work.first(deleting.with_for_update())
    if integration is not None:
        if await work.first(_only_of(work, id)) is not None:
            raise Retry("A connection was registered meanwhile.", after_ms=0)
        await _remove_children(work, integration)
        integration.state = IntegrationState.DELETED
        integration.state_changed_at = work.now()
        work.audit(integration, "integration.emptied")
    await work.finish_job()


async def ask_to_finish(work: Work, integration: Integration, client: TokenEndpoint | None = None) -> Job:
    """Enqueue the job that finishes the deletion of a hidden integration, or return the unfinished one.

    `client` is its OAuth client, for the revocation of tokens.
    """
    new = NewJob(
        operation=FINISH,
        caption=f"Delete {integration.name}"[:255],
        organization_id=integration.organization_id,
        subject_kind="Integration",
        subject_id=integration.id,
        integration_id=integration.id,
        max_attempts=_MAX_ATTEMPTS,
        dedupe_key=f"{FINISH}:{integration.id}",
        tasks=[PlannedTask(caption=REMOVE, steps=[FORGET])],
        created_by=work.caller.principal_id,
    )
    return await work.enqueue(with_client(work.hub, integration.organization_id, new, client))


def _steps_of(work: Work, integration: Integration) -> list[ColumnElement[bool]]:
    """The steps through an integration of which no flow is left."""
    return [col(Step.organization_id) == work.organization_id, col(Step.integration_id) == integration.id]


def _installations_of(integration: Integration) -> Select[Installation]:
    return (
        select(Installation)
        .where(col(Installation.integration_id) == integration.id)
        .order_by(col(Installation.organization_id), col(Installation.id))
    )


def _only_of(work: Work, integration_id: str) -> Select[Connection]:
    """The organization's connections that no other integration has, but such as are being deleted themselves."""
    here = select(col(Registration.connection_id)).where(col(Registration.integration_id) == integration_id)
    elsewhere = (
        select(col(Registration.connection_id))
        .join(Integration, col(Integration.id) == col(Registration.integration_id))
        .where(col(Integration.id) != integration_id, col(Integration.removed_at).is_(None))
    )
    return select(Connection).where(
        col(Connection.organization_id) == work.organization_id,
        col(Connection.id).in_(here),
        col(Connection.id).not_in(elsewhere),
    )


async def _remove_children(work: Work, integration: Integration) -> None:
    """Remove all rows that refer to this integration; connections of other integrations stay."""
    for child in _children():
        await work.session.execute(delete(child).where(child.c.integration_id == integration.id))


def _children() -> list[Table]:
    """Every table that refers to an integration, except those removed at once and those that stay."""
    others = {str(model.__tablename__) for model in (*_DOORS, *_STAY)}
    return [table for table in reversed(metadata.sorted_tables) if table.name not in others and _refers(table)]


def _refers(table: Table) -> bool:
    return any(key.target_fullname == "integration.id" for key in table.foreign_keys)
