"""Builds the hub from settings, and opens it: for the server, the worker and the commands."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.bus import Bus
from models.database import Database
from models.errors import Conflict
from models.key_file import KeyFile
from models.occupancy import occupied
from models.opening import opening
from models.revision import is_behind
from models.row import now_ms
from models.secret import Keyring
from proxy.egress import Egress
from proxy.expressions import Expressions
from proxy.guard import EgressPolicy, parse_allowances
from proxy.inputs import Apart, LastUsed
from proxy.lanes import Lanes
from resolvers.caller import Caller
from resolvers.capabilities.soundness import list_unsound_schemas
from resolvers.cursor import CursorCodec
from resolvers.definitions.catalogue import read_catalogue
from resolvers.definitions.definition import VendorDefinition
from resolvers.definitions.mutations import sync_catalogue
from resolvers.dispatching.background import reap_dispatches
from resolvers.emission.emitter import Emitter
from resolvers.hub import Hub, Keeping
from resolvers.identity.external import ExternalTokens, Trust
from resolvers.identity.key_sets import FetchedKeys, FixedKeys, KeySet
from resolvers.lookup import Lookup
from resolvers.recorder import open_recorder
from resolvers.rotation.binding import seal_origins
from resolvers.rotation.following import following_keys
from resolvers.schedules.renewal import renew_schedules
from settings import Settings, variable

if TYPE_CHECKING:
    from demo import Demo  # it imports a server, which commands and workers do not need

_log = logging.getLogger("patchbay")
CATALOGUE = Path(__file__).parents[1] / "catalogue"
_COMPILED_BYTES, _ROW_BYTES = 64 * 1024 * 1024, 5_000  # of all schemas, and of one beside its schema
#: Python's own 5 ms pass at each step of a call that waits for a computing thread: ten steps are fifty.
_SWITCH_SECONDS = 0.0005
_UPLOADS_AT_ONCE, _UPLOADS_WAITING = 2, 20  # of one organization, in one process


def build_hub(settings: Settings, *, demo: Demo | None = None) -> Hub:
    """The hub over its database, not yet opened. Raises ValueError for wrong settings."""
    with _named("database_url"):
        database = Database(settings.database_address, pool_size=settings.database_pool, pace=settings.pace)
    keys = settings.master_key_lines()
    with _named("master_keys", settings.changeable_key_file):
        keyring = Keyring.parse(keys, renewed=_renewed_keys(settings))
    egress = _egress(settings, demo)
    bus, expressions = Bus(database), Expressions(settings.expression_budget)
    return Hub(
        database=database,
        keyring=keyring,
        egress=egress,
        recorder=open_recorder(database),
        emitter=Emitter(database, bus, expressions),
        lookup=Lookup(database),
        cursors=CursorCodec(keyring),
        compiled=LastUsed(_COMPILED_BYTES, lambda capability: capability.validator.memory + _ROW_BYTES),
        payloads=LastUsed(_COMPILED_BYTES, lambda validator: validator.memory + _ROW_BYTES),
        apart=Apart(),
        bus=bus,
        expressions=expressions,
        external=_external_tokens(settings, egress),
        uploads=Lanes(_UPLOADS_AT_ONCE, _UPLOADS_WAITING),
        public_url=settings.public_url,
        own_url=settings.own_url,
        pace=settings.pace,
        tunnels=settings.tunnels,
        webhook_waits=settings.webhook_retry_seconds,
        keeping=_keeping(settings),
    )


def catalogue_of(settings: Settings) -> Sequence[VendorDefinition]:
    """The built-in definitions, read from the catalogue's files. Raises ValueError, which names the file."""
    return read_catalogue(settings.catalogue or CATALOGUE)


async def prepare(hub: Hub, catalogue: Sequence[VendorDefinition]) -> None:
    """Migrate the database to this version of the hub, and to its catalogue and its rules of time zones.

    Raises Unavailable and Conflict with a sentence for the operator.
    """
    if await is_behind(hub.database):
        from models.migrations import (
            upgrade,  # the import takes a quarter of a second; an up-to-date database does not need it
        )

        with opening(hub.database):
            await upgrade(hub.database)
        for sentence in await list_unsound_schemas(Caller.of_hub(hub)):
            _log.warning("%s", sentence)
    try:
        await sync_catalogue(Caller.of_hub(hub), catalogue)
    except Conflict:  # another process wrote the same rows at the same time
        await sync_catalogue(Caller.of_hub(hub), catalogue)
    while await renew_schedules(Caller.of_hub(hub)):
        pass


@asynccontextmanager
async def opened(hub: Hub, catalogue: Sequence[VendorDefinition]) -> AsyncIterator[None]:
    """The hub with its database migrated and its connections open, as a process that dispatches."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(hub.database.close)
        stack.push_async_callback(hub.recorder.close)
        stack.push_async_callback(hub.emitter.close)
        stack.push_async_callback(hub.apart.close)
        stack.callback(hub.expressions.close)
        await prepare(hub, catalogue)
        await stack.enter_async_context(following_keys(hub))
        await seal_origins(hub)
        await stack.enter_async_context(hub.egress)
        await stack.enter_async_context(hub.bus.running())
        stack.push_async_callback(hub.flights.drain)
        alone = await stack.enter_async_context(occupied(hub.database))
        # Alone, every open dispatch is a dead process's. Otherwise `dispatch.reap` settles them by their deadline.
        await reap_dispatches(Caller.of_hub(hub), orphaned_before=hub.clock() if alone else 0)
        yield


@contextmanager
def _named(field: str, place: Path | None = None) -> Iterator[None]:
    """Prefix a ValueError with the origin of the value: the file `place`, or else the variable of `field`."""
    try:
        yield
    except ValueError as fault:
        raise ValueError(f"{place or variable(field)}: {fault}") from fault


def _renewed_keys(settings: Settings) -> Callable[[], str | None]:
    """Reads a changed key file again. Keys in a variable stay the same as long as the process lives."""
    file = settings.changeable_key_file
    return KeyFile(file).renewed if file else lambda: None


def _egress(settings: Settings, demo: Demo | None) -> Egress:
    """The way out, under the operator's policy. Raises ValueError for networks that cannot be read."""
    with _named("egress_allow"):
        policy = EgressPolicy(parse_allowances(settings.egress_allow) + (demo.allowances if demo else ()))
    return Egress(
        policy,
        connect_timeout=settings.egress_connect_timeout,
        max_answer_bytes=settings.egress_max_answer_bytes,
        max_inflight_bytes=settings.egress_max_inflight_bytes,
        per_host=settings.egress_per_host,
        queue_per_host=settings.egress_queue_per_host,
        retry_seconds=settings.pace.upstream_retry,
    )


def _keeping(settings: Settings) -> Keeping:
    events = settings.keep_events_days
    for name in ("keep_payloads_days", "keep_deliveries_days"):
        if (getattr(settings, name) or 0) > events:
            with _named(name):
                raise ValueError(
                    f"write at most the {events} days of {variable('keep_events_days')}, or raise that too"
                )
    return Keeping(
        events=events,
        payloads=settings.keep_payloads_days,
        deliveries=settings.keep_deliveries_days,
        dispatches=settings.keep_dispatches_days,
    )


def _external_tokens(settings: Settings, egress: Egress) -> ExternalTokens | None:
    """Raises ValueError for settings that would accept tokens for another audience, or none at all."""
    if not settings.jwt_issuer:
        return None
    if not settings.jwt_audience or not settings.jwt_keys:
        raise ValueError("PATCHBAY_JWT_ISSUER needs PATCHBAY_JWT_AUDIENCE and PATCHBAY_JWT_KEYS too; set both.")
    with _named("jwt_algorithms"):
        trust = Trust(
            issuer=settings.jwt_issuer,
            audiences=settings.jwt_audience,
            algorithms=settings.jwt_algorithms,
            leeway_seconds=settings.jwt_leeway,
            subject_claim=settings.jwt_subject_claim,
            organization_claim=settings.jwt_organization_claim,
        )
    return ExternalTokens(trust, _issuer_keys(settings.jwt_keys, egress), now_ms)


def _issuer_keys(place: str, egress: Egress) -> KeySet:
    if place.lower().startswith(("https://", "http://")):
        return FetchedKeys(egress, place, now_ms)
    try:
        return FixedKeys(place.encode() if place.lstrip().startswith("{") else Path(place).read_bytes())
    except (OSError, ValueError) as cause:
        why = cause.strerror if isinstance(cause, OSError) else cause  # its text repeats the value, maybe a key
        raise ValueError(f"PATCHBAY_JWT_KEYS is neither a URL nor a readable JWK set: {why}.") from cause
