"""Emit events of an integration."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select
from sqlmodel import col

from models.errors import Conflict, Forbidden, InvalidInput, NotFound, NotReady
from models.row import new_id
from models.tables import Delivery, Event, EventType, Installation, Integration, Run
from models.vocabulary import InstallationStatus, Permission, UnavailableReason
from proxy.inputs import Validator, takes_long
from resolvers.acting import ForUser
from resolvers.capabilities.manifest import suffix_of
from resolvers.emission.accept import Accepted
from resolvers.emission.body import check_size
from resolvers.emission.draft import Draft
from resolvers.emission.emitter import Emission, KeyUse
from resolvers.faults import NAME, Faults
from resolvers.find import IntegrationRef, get_integration
from resolvers.hub import Hub
from resolvers.idempotency import LIFETIME_MS, digest_of_input, key_owner, key_problem, spent
from resolvers.managing import require_own_app
from resolvers.operation import READS, exchange
from resolvers.recorder import Existing, Key
from resolvers.work import Work

#: Declared names that are searched for near ones, and near ones that are shown.
_MOST_NAMES: Final = 1_000
_MOST_NEAR: Final = 3


@dataclass(frozen=True, kw_only=True)
class EmitEvent(ForUser):
    """An event to emit. `type` is the declared name, with or without the handler."""

    integration: IntegrationRef
    type: str
    installation_id: str | None = None
    payload: dict[str, Any] | None = None
    entity_id: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, kw_only=True)
class Emitted:
    """The accepted event, and the numbers of runs and deliveries that its transaction queued."""

    event: Event
    integration: Integration
    queued_runs: int
    queued_deliveries: int
    replayed: bool


@dataclass(frozen=True, kw_only=True)
class Happening:
    """An event to emit and the rows that it names. `organization_id` is the caller's."""

    organization_id: str
    integration: Integration
    event_type: EventType
    emission: Emission

    @property
    def payload(self) -> Mapping[str, Any]:
        """The payload; empty if there is none."""
        return self.emission.draft.data


async def load(work: Work, said: EmitEvent) -> Happening:
    """Check the input and find the rows. Raises Oversized for a payload beyond 256 kB."""
    _check(said)
    integration = await get_integration(work, said.integration, path=("integration",))
    require_own_app(work, integration, path=("integration",))
    event_type = await _event_type(work, integration, said.type)
    installation = await _installation(work, integration, said.installation_id)
    draft = _draft(work, said, event_type, integration, installation)
    use = _key_use(work, said, draft)
    return Happening(
        organization_id=work.organization_id,
        integration=integration,
        event_type=event_type,
        emission=Emission(draft=draft, use=use, tries=len(work.hub.webhook_waits) + 1),
    )


async def check_payload(hub: Hub, happening: Happening) -> None:
    """Judge the payload by the declared schema, outside of any transaction: it may take long. Raises InvalidInput."""
    schema = happening.event_type.payload_schema
    if schema is None:
        return
    key = digest_of_input(schema)
    validator = await hub.payloads.get(key, lambda: Validator.of(schema), lambda: takes_long(schema))
    found = await validator.violations(hub.apart, happening.payload, ("payload",), lane=happening.organization_id)
    if found:
        raise InvalidInput(found)


async def send(hub: Hub, happening: Happening) -> Accepted | Existing:
    """Judge the payload, and accept the event in a transaction of its own, together with others'."""
    await check_payload(hub, happening)
    return await hub.emitter.emit(happening.emission)


@exchange(
    load,
    send,
    loads=READS,
    records=READS,
    needs=Permission.EVENTS_EMIT,
    refuses=(NotFound, Conflict, InvalidInput, Forbidden, NotReady),
)
async def emit_event(work: Work, happening: Happening, sent: Accepted | Existing) -> Emitted:
    """Accept an event of a declared type; at most 256 kB of payload."""
    if isinstance(sent, Accepted):
        event, deliveries, runs = sent.event, sent.queued_deliveries, sent.queued_runs
    else:
        event = await _stored(work, happening, sent)
        deliveries, runs = await _deliveries(work, event), await _runs(work, event)
    return Emitted(
        event=event,
        integration=happening.integration,
        queued_runs=runs,
        queued_deliveries=deliveries,
        replayed=isinstance(sent, Existing),
    )


def _check(said: EmitEvent) -> None:
    faults = Faults()
    payload = said.payload
    faults.check(payload is None or isinstance(payload, dict), "payload", "It must be a JSON object.")
    faults.text("entity_id", said.entity_id, most=NAME, least=1)
    if problem := key_problem(said.idempotency_key):
        faults.add("idempotency_key", problem)
    faults.refuse()
    if payload is not None:
        check_size(payload, path=("payload",))


async def _stored(work: Work, happening: Happening, earlier: Existing) -> Event:
    """The event of a used key, in this organization or the installation's.

    Raises Conflict if the key was used with another input, or if the event was removed.
    """
    use = happening.emission.use
    if use is None or earlier.request_digest != use.digest:
        raise Conflict("This key was used with another input; use a new key.", path=("idempotency_key",))
    event = await work.first(select(Event).where(col(Event.id) == earlier.result_id))
    if event is None:
        raise spent("event")
    return event


async def _deliveries(work: Work, event: Event) -> int:
    """The number of deliveries of an event, without copies."""
    own = (col(Delivery.event_id) == event.id, col(Delivery.original_id).is_(None))
    return (await work.session.execute(select(func.count()).select_from(Delivery).where(*own))).scalar_one()


async def _runs(work: Work, event: Event) -> int:
    """The number of runs that an event has queued, without repetitions and those that were only recorded."""
    own = (col(Run.event_id) == event.id, col(Run.origin_run_id).is_(None), col(Run.job_id).is_not(None))
    return (await work.session.execute(select(func.count()).select_from(Run).where(*own))).scalar_one()


async def _event_type(work: Work, integration: Integration, name: str) -> EventType:
    suffix = suffix_of(integration, name) or name
    declared = work.mine(EventType).where(
        col(EventType.integration_id) == integration.id, col(EventType.suffix) == suffix
    )
    event_type = await work.first(declared)
    if event_type is None:
        raise await _unknown_type(work, integration, name)
    return event_type


async def _unknown_type(work: Work, integration: Integration, name: str) -> NotFound:
    """The refusal of a type that is not declared, with names of this integration that are like it."""
    declared = work.mine(EventType).where(col(EventType.integration_id) == integration.id)
    names = declared.with_only_columns(col(EventType.name)).order_by(col(EventType.name)).limit(_MOST_NAMES)
    found = (await work.session.execute(names)).scalars().all()
    return NotFound("event type", path=("type",), near=_near(name, found), known=found[:_MOST_NEAR])


def _near(name: str, names: Sequence[str]) -> list[str]:
    """The names most like one, in any case, nearest first. The part before the full stop may be missing."""
    folded = {one.casefold(): one for one in names} | {one.casefold().partition(".")[2]: one for one in names}
    found = difflib.get_close_matches(name.casefold(), folded, n=_MOST_NEAR)
    return list(dict.fromkeys(folded[one] for one in found))


async def _installation(work: Work, integration: Integration, named: str | None) -> Installation | None:
    """The named installation; else the organization's own; else the app's only one elsewhere.

    Raises NotFound, InvalidInput if the app has several elsewhere, NotReady if it is paused.
    """
    path = ("installation_id",)
    here = work.mine(Installation).where(col(Installation.integration_id) == integration.id)
    if named is not None:
        chosen = await work.first(here.where(col(Installation.id) == named))
        if chosen is None:
            raise NotFound("installation", path=path)
        return _active(chosen)
    own = await work.first(here.where(col(Installation.organization_id) == work.organization_id))
    if own is not None:
        return _active(own)
    elsewhere = await work.all(here.limit(2))
    if len(elsewhere) > 1:
        raise InvalidInput.at(path, "The app has several installations; name one.")
    return _active(elsewhere[0]) if elsewhere else None


def _active(installation: Installation) -> Installation:
    if installation.status is InstallationStatus.PAUSED:
        raise NotReady("The installation is paused; resume it.", reason=UnavailableReason.INSTALLATION_PAUSED)
    return installation


def _draft(
    work: Work, said: EmitEvent, event_type: EventType, integration: Integration, installation: Installation | None
) -> Draft:
    now, cause = work.now(), work.caller.cause
    draft = Draft(
        id=new_id(now),
        created_at=now,
        organization_id=installation.organization_id if installation else work.organization_id,
        integration_id=integration.id,
        installation_id=installation.id if installation else None,
        event_type_id=event_type.id,
        type=event_type.name,
        entity_id=said.entity_id or (installation.handler if installation else integration.handler),
        data=said.payload or {},
        source=work.caller.source,
        principal_id=work.caller.principal_id,
        token_id=work.caller.token_id,
    )
    # The flows that led to it are of the caller's organization: in another one they are nobody's business.
    here = draft.organization_id == work.organization_id
    return draft if cause is None or not here else draft.caused_by(cause)


def _key_use(work: Work, said: EmitEvent, draft: Draft) -> KeyUse | None:
    if said.idempotency_key is None:
        return None
    parts = [draft.integration_id, draft.event_type_id, draft.installation_id, draft.data, said.entity_id]
    expires_at = draft.created_at + LIFETIME_MS
    key = Key(owner_id=key_owner(work), operation="emit_event", key=said.idempotency_key, expires_at=expires_at)
    return KeyUse(organization_id=work.organization_id, key=key, digest=digest_of_input(parts))
