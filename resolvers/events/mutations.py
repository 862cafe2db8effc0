"""Emit events of an integration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from models.errors import Conflict, Forbidden, InvalidInput, NotFound, NotReady
from models.row import new_id
from models.tables import Event, EventType, Installation, Integration
from models.vocabulary import InstallationStatus, Permission, UnavailableReason
from proxy.inputs import Validator, takes_long
from resolvers.acting import ForUser
from resolvers.capabilities.manifest import suffix_of
from resolvers.faults import NAME, Faults
from resolvers.find import IntegrationRef, get_integration
from resolvers.hub import Hub
from resolvers.idempotency import claim, digest_of_input, key_problem, spent
from resolvers.operation import READS, WRITES, exchange
from resolvers.work import Work


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
    """The emitted event, with the rows that it names. `organization_id` is the caller's."""

    said: EmitEvent
    organization_id: str
    integration: Integration
    event_type: EventType
    installation: Installation | None

    @property
    def payload(self) -> dict[str, Any]:
        """The payload; empty if there is none."""
        return self.said.payload or {}


async def load(work: Work, said: EmitEvent) -> Happening:
    """Check the input and find the rows."""
    faults = Faults()
    faults.object("payload", said.payload)
    faults.text("entity_id", said.entity_id, most=NAME, least=1)
    if problem := key_problem(said.idempotency_key):
        faults.add("idempotency_key", problem)
    faults.refuse()
    integration = await get_integration(work, said.integration, path=("integration",))
    return Happening(
        said=said,
        organization_id=work.organization_id,
        integration=integration,
        event_type=await _event_type(work, integration, said.type),
        installation=await _installation(work, integration, said.installation_id),
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


@exchange(
    load,
    check_payload,
    loads=READS,
    records=WRITES,
    needs=Permission.EVENTS_EMIT,
    refuses=(NotFound, Conflict, InvalidInput, Forbidden, NotReady),
)
async def emit_event(work: Work, happening: Happening, _: None) -> Emitted:
    """Accept an event of a declared type; at most 256 kB of payload."""
    event = _event(work, happening)
    parts = [
        event.integration_id,
        event.event_type_id,
        event.installation_id,
        event.payload,
        happening.said.entity_id,
    ]
    earlier = await claim(work, "emit_event", happening.said.idempotency_key, digest_of_input(parts), event.id)
    event = work.add(event) if earlier is None else await _stored(work, earlier)
    return Emitted(
        event=event,
        integration=happening.integration,
        queued_runs=0,
        queued_deliveries=0,
        replayed=earlier is not None,
    )


async def _stored(work: Work, event_id: str) -> Event:
    """The event of a used key, in this organization or the installation's. Raises Conflict if it was removed."""
    event = await work.first(select(Event).where(col(Event.id) == event_id))
    if event is None:
        raise spent("event")
    return event


async def _event_type(work: Work, integration: Integration, name: str) -> EventType:
    suffix = suffix_of(integration, name) or name
    declared = work.mine(EventType).where(
        col(EventType.integration_id) == integration.id, col(EventType.suffix) == suffix
    )
    event_type = await work.first(declared)
    if event_type is None:
        raise NotFound("event type", path=("type",))
    return event_type


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


def _event(work: Work, happening: Happening) -> Event:
    now = work.now()
    event_id = new_id(now)
    integration, installation = happening.integration, happening.installation
    return Event(
        id=event_id,
        created_at=now,
        organization_id=installation.organization_id if installation else work.organization_id,
        integration_id=integration.id,
        installation_id=installation.id if installation else None,
        event_type_id=happening.event_type.id,
        type=happening.event_type.name,
        entity_id=happening.said.entity_id or (installation.handler if installation else integration.handler),
        payload=happening.payload,
        source=work.caller.source,
        principal_id=work.caller.principal_id,
        token_id=work.caller.token_id,
        correlation_id=event_id,
    )
