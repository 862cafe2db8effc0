"""Prepare a call: its durable intent, its request, and the connection that may be shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from models.row import new_id
from models.tables import Capability, Installation, Integration
from models.vocabulary import HttpMethod
from resolvers.dispatching.attempt import Ready
from resolvers.dispatching.send import Prepared
from resolvers.idempotency import LIFETIME_MS, key_owner
from resolvers.outbound.request import Outbound
from resolvers.pick import Pick
from resolvers.recorder import Intent, Key
from resolvers.work import Work

#: The kind of cause of a run's dispatches; an index has the word.
RUN_STEP: Final = "RUN_STEP"


@dataclass(frozen=True, kw_only=True)
class StepCause:
    """The run's step that a call belongs to. `run_step_id`: of its work on one page.

    `record_key`: the key that the remote service gets, None for a call that only reads. `keeps_answer`: for a run
    that goes on after a crash and needs the answer of a call that succeeded.
    """

    step_id: str
    run_step_id: str
    correlation_id: str
    record_key: str | None = None
    keeps_answer: bool = False


def prepare(
    work: Work,
    outbound: Outbound,
    picked: Pick,
    *,
    operation: str,
    key: str | None,
    digest: str,
    integration: Integration,
    installation: Installation | None,
    capability: Capability | None = None,
    cause: StepCause | None = None,
) -> Ready:
    """A call that is ready to be sent. The `key` belongs to the `operation` and to the `digest` of its input.

    A publisher's own connection stays hidden from the caller: the record does not name it either.
    """
    now, intent_id = work.now(), new_id(work.now())
    intent = Intent(
        id=intent_id,
        created_at=now,
        organization_id=work.organization_id,
        integration_id=integration.id,
        installation_id=installation.id if installation else None,
        capability_id=capability.id if capability else None,
        capability_name=capability.name if capability else None,
        connection_id=picked.shown.id if picked.shown else None,
        principal_id=work.caller.principal_id,
        token_id=work.caller.token_id,
        source=work.caller.source,
        method=HttpMethod(outbound.request.method),
        url=outbound.recorded_url(),
        request_digest=digest,
        correlation_id=intent_id,
        deadline_at=now + int(work.hub.egress.longest_seconds(outbound.request) * 1000),
        key=_guarding(work, operation, key, now),
    )
    prepared = Prepared(intent=_caused(intent, cause), outbound=outbound, connection=picked.connection)
    return Ready(prepared=prepared, integration=integration, connection=picked.shown)


def _guarding(work: Work, operation: str, key: str | None, now: int) -> Key | None:
    if key is None:
        return None
    return Key(owner_id=key_owner(work), operation=operation, key=key, expires_at=now + LIFETIME_MS)


def _caused(intent: Intent, cause: StepCause | None) -> Intent:
    if cause is None:
        return intent
    return replace(
        intent,
        correlation_id=cause.correlation_id,
        step_id=cause.step_id,
        cause_kind=RUN_STEP,
        cause_id=cause.run_step_id,
        record_key=cause.record_key,
        keeps_record_answer=cause.keeps_answer,
    )
