"""Connect sessions: their status, the integrations they offer, how they begin and end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import or_, select
from sqlmodel import col

from models.row import new_id
from models.tables import Connection, ConnectSession, Definition, Integration, Organization
from models.vocabulary import ConnectionMode, ConnectSessionStatus
from resolvers.auth_kinds import KINDS
from resolvers.connect.return_urls import is_allowed, with_result
from resolvers.definitions import stored
from resolvers.definitions.definition import VendorDefinition
from resolvers.work import Work

#: Not ended; the clock may have expired them.
UNDER_WAY: Final = (ConnectSessionStatus.OPEN, ConnectSessionStatus.REDIRECTED)
_LONGEST_ERROR: Final = 1000


def status_of(session: ConnectSession, now: int) -> ConnectSessionStatus:
    """The status of a session; EXPIRED by the clock unless it has ended otherwise."""
    if session.status in UNDER_WAY and session.expires_at <= now:
        return ConnectSessionStatus.EXPIRED
    return session.status


def new_session(work: Work, integrations: Sequence[Integration], *, lasts_ms: int) -> ConnectSession:
    """A session made by the caller, not yet added. It has its id already, so that it can hold secrets."""
    now = work.now()
    return ConnectSession(
        id=new_id(now),
        created_at=now,
        organization_id=work.organization_id,
        integration_ids=[integration.id for integration in integrations],
        created_by=work.caller.principal_id,
        created_by_token=work.caller.token_id,
        expires_at=now + lasts_ms,
    )


async def definition_of(work: Work, integration: Integration) -> VendorDefinition | None:
    """The definition of the integration's vendor: a built-in one, or one of the integration's organization."""
    if integration.definition_id is None:
        return None
    statement = select(Definition).where(
        col(Definition.id) == integration.definition_id,
        or_(
            col(Definition.organization_id).is_(None),
            col(Definition.organization_id) == integration.organization_id,
        ),
    )
    return stored.definition_of(await work.first(statement))


async def connection_of(work: Work, connection_id: str | None, *, lock: bool = False) -> Connection | None:
    """The organization's connection with this id, of any holder; None if there is none."""
    if connection_id is None:
        return None
    statement = select(Connection).where(
        col(Connection.id) == connection_id, col(Connection.organization_id) == work.organization_id
    )
    return await work.first(statement.with_for_update() if lock else statement)


def complete(work: Work, session: ConnectSession, connection: Connection) -> None:
    """End a session that has become a connection."""
    _end(work, session, ConnectSessionStatus.COMPLETED)
    session.connection_id = connection.id


def fail(work: Work, session: ConnectSession, why: str) -> None:
    """End a session that will not become a connection. `why` is shown as text, and may come from outside."""
    _end(work, session, ConnectSessionStatus.FAILED)
    session.error = as_shown(why)
    work.audit(session, "connect_session.failed", integration_id=session.integration_id)


def as_shown(why: str) -> str:
    """A text from outside as people read it: without control characters, of at most 1000 characters."""
    return "".join(letter if letter.isprintable() else " " for letter in why)[:_LONGEST_ERROR]


async def way_back(work: Work, session: ConnectSession) -> str | None:
    """The return address of an ended session, with the result; None if the organization no longer lists it."""
    organization = await work.get(Organization, session.organization_id)
    if session.return_url is None or not is_allowed(session.return_url, organization.return_urls):
        return None
    went_well = session.status is ConnectSessionStatus.COMPLETED
    return with_result(session.return_url, "connected" if went_well else "failed", session.id)


def is_for_all(integration: Integration, principal_id: str | None) -> bool:
    """Whether the connection that this principal makes at an integration is shared."""
    return principal_id is None or integration.mode is ConnectionMode.SHARED


def asks_for_consent(integration: Integration) -> bool:
    """Whether connecting is done on the vendor's own page."""
    return KINDS[integration.auth_type].asks_for_consent


def _end(work: Work, session: ConnectSession, status: ConnectSessionStatus) -> None:
    session.status = status
    session.completed_at = work.now()
    session.state_digest = session.state_expires_at = session.verifier = None
