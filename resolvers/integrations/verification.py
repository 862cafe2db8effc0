"""Verification of an integration: requested here, run by a job (`background.py`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Exists, Select, exists, select, update
from sqlmodel import col

from jobs.job import NewJob, PlannedTask, Retry
from models.errors import Forbidden, InvalidInput, NotFound, NotReady
from models.tables import Connection, Definition, Integration, Job
from models.vocabulary import (
    ConnectionMode,
    ConnectionStatus,
    HubEvent,
    IntegrationState,
    Permission,
    UnavailableReason,
    WorkState,
)
from resolvers.auth_kinds import KINDS
from resolvers.caller import Caller
from resolvers.connections.health import Check, Finding, check_of, masked, note
from resolvers.definitions.stored import definition_of
from resolvers.find import managed_integration
from resolvers.operation import OPERATOR, operation
from resolvers.pick import candidates, pick
from resolvers.work import Work

VERIFY: Final = "integration.verify"
#: The step of the job that every verification has.
ASK: Final = ("Ask whether the credentials work", "The definition's verification request.")
_MOST_ATTEMPTS: Final = 5
_EVERY_MS: Final = 15_000
_CUT_SHORT: Final = "The verification was stopped before it ended; verify again."
_CHANGED: Final = "The verification has ended, or the integration was changed during it; verify it again."


@dataclass(frozen=True, kw_only=True)
class Verifying:
    """A verification that is ready to run. When the fingerprint of its subject changes, its result is ignored."""

    integration_id: str
    name: str
    connection_id: str | None
    fingerprint: tuple[object, ...]
    check: Check


@operation(needs=Permission.INTEGRATIONS_WRITE, refuses=(NotFound, InvalidInput, Forbidden, NotReady))
async def verify_integration(work: Work, id: str) -> Job:
    """Enqueue a job that checks an integration's credentials. A running or waiting job is returned instead."""
    integration = await managed_integration(work, id, path=("id",))
    definition = definition_of(await work.find(Definition, integration.definition_id or ""))
    if definition is None or definition.verification is None:
        raise InvalidInput.at(("id",), "Its credentials cannot be verified: its definition has no verification.")
    await _verified_connection(work, integration)
    if integration.state is not IntegrationState.VERIFYING:
        _set_state(work, integration, IntegrationState.VERIFYING)
        work.audit(integration, "integration.verifying")
    return await work.enqueue(
        NewJob(
            operation=VERIFY,
            caption=f"Verify {integration.name}"[:255],
            organization_id=work.organization_id,
            subject_kind="Integration",
            subject_id=integration.id,
            integration_id=integration.id,
            max_attempts=_MOST_ATTEMPTS,
            dedupe_key=f"{VERIFY}:{integration.id}",
            tasks=[PlannedTask(caption=caption_of(definition.name), steps=[ASK])],
            created_by=work.caller.principal_id,
        )
    )


@operation(needs=Permission.INTEGRATIONS_WRITE, refuses=(NotReady, InvalidInput), reads=True)
async def load_verification(work: Work, id: str) -> Verifying | None:
    """The requests of a verification; None if the integration is no longer VERIFYING or has no verification."""
    integration = await work.first(_verifying(work, id))
    definition = definition_of(await work.find(Definition, integration.definition_id or "")) if integration else None
    if integration is None or definition is None:
        return None
    connection = await _verified_connection(work, integration)
    check = await check_of(work, integration, definition, connection)
    if check is None or check.verification is None:
        return None
    return Verifying(
        integration_id=integration.id,
        name=definition.name,
        connection_id=connection.id if connection else None,
        fingerprint=_fingerprint(integration, connection),
        check=check,
    )


@operation(needs=Permission.INTEGRATIONS_WRITE)
async def record_verification(work: Work, id: str, checked: Verifying | None, finding: Finding) -> None:
    """Set VERIFYING → LIVE, or NEW with the error, and end the job. Raises Retry if the subject has changed."""
    integration = await work.first(_verifying(work, id).with_for_update())
    if integration is None:
        return await work.finish_job(error=_CHANGED)
    connection = None
    if checked is not None:
        connection = await work.find(Connection, checked.connection_id or "")
        if _fingerprint(integration, connection) != checked.fingerprint:
            raise Retry(_CHANGED, after_ms=0)
    finding = masked(work, connection, finding)
    _settle(work, integration, finding.error)
    if connection is not None:
        note(work, connection, finding, integration_id=integration.id)
    return await work.finish_job(error=finding.error)


@operation(needs=OPERATOR)
async def settle_verifications(work: Work) -> int:
    """Set VERIFYING → NEW if no job is left: it was cancelled or has no attempts left. Answers how many."""
    dead = (col(Integration.state) == IntegrationState.VERIFYING, ~_under_way())
    held = update(Integration).where(*dead).values(state=IntegrationState.VERIFYING).returning(col(Integration.id))
    ids = (await work.session.execute(held.execution_options(synchronize_session=False))).scalars().all()
    for integration_id in ids:
        integration = await work.session.get_one(Integration, integration_id)
        own = work.as_caller(Caller.of_hub(work.hub, integration.organization_id))
        _settle(own, integration, _CUT_SHORT)
    await work.repeat_job(_EVERY_MS)
    return len(ids)


def caption_of(vendor: str) -> str:
    """The caption of the job's task."""
    return f"Verify {vendor}"


def _settle(work: Work, integration: Integration, error: str | None) -> None:
    _set_state(work, integration, IntegrationState.LIVE if error is None else IntegrationState.NEW, error)
    payload = {"integrationId": integration.id}
    if error is None:
        work.audit(integration, "integration.verified")
        work.announce(HubEvent.INTEGRATION_VERIFIED, integration.handler, payload, integration_id=integration.id)
    else:
        work.audit(integration, "integration.verification_failed")
        work.announce(
            HubEvent.INTEGRATION_VERIFICATION_FAILED,
            integration.handler,
            payload | {"error": error},
            integration_id=integration.id,
        )


def _set_state(work: Work, integration: Integration, state: IntegrationState, error: str | None = None) -> None:
    integration.state, integration.state_error = state, error
    integration.state_changed_at = work.now()


async def _verified_connection(work: Work, integration: Integration) -> Connection | None:
    """The connection to verify: the default or only shared one, else the one that a dispatch by the caller would use.

    None if none is needed. Raises NotReady if there is none, or if the choice is ambiguous.
    """
    found = (await candidates(work.session, work.caller, [integration.id]))[integration.id]
    shared = [pair for pair in found if pair[1].mode is ConnectionMode.SHARED]
    default = [connection for is_default, connection in shared if is_default]
    connection = default[0] if default else shared[0][1] if len(shared) == 1 else None
    reason = UnavailableReason.AMBIGUOUS_CONNECTION
    if connection is None:
        picked = pick(work.caller, integration, found)
        connection, reason = picked.connection, picked.reason or UnavailableReason.NO_CONNECTION
    if connection is None and KINDS[integration.auth_type].needs_connection:
        raise NotReady("There is no connection to verify; connect first, or make one the default.", reason=reason)
    if connection is not None and connection.status is ConnectionStatus.NEEDS_RECONNECT:
        raise NotReady("Its connection no longer works; connect again.", reason=UnavailableReason.NEEDS_RECONNECT)
    if connection is not None and connection.status is ConnectionStatus.PENDING:
        raise NotReady("Its connection has no secret yet; connect it first.", reason=UnavailableReason.NO_CONNECTION)
    return connection


def _fingerprint(integration: Integration, connection: Connection | None) -> tuple[object, ...]:
    # The time of the request is part of it: a job that ran before counts for the values of its own request alone.
    subject = (integration.version, integration.definition_id, integration.state_changed_at)
    if connection is None:
        return subject
    renewed = KINDS[connection.auth_type].renewed  # the check may renew the token
    version = None if renewed else connection.secret_version
    return (*subject, connection.id, version, connection.base_url)


def _verifying(work: Work, id: str) -> Select[Integration]:
    return select(Integration).where(
        col(Integration.id) == id,
        col(Integration.organization_id) == work.organization_id,
        col(Integration.state) == IntegrationState.VERIFYING,
    )


def _under_way() -> Exists:
    return exists().where(
        col(Job.subject_id) == col(Integration.id),
        col(Job.operation) == VERIFY,
        col(Job.state).in_((WorkState.QUEUED, WorkState.RUNNING)),
    )
