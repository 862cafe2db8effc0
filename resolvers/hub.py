"""Hub: everything that is opened once in a process and used by every operation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from jobs.bus import Bus
from models.database import Database
from models.pace import Pace
from models.row import now_ms
from models.secret import Keyring
from proxy.egress import Egress
from proxy.expressions import Expressions
from proxy.inputs import Apart, CompiledCapability, LastUsed, Validator
from proxy.lanes import Lanes
from proxy.openapi import Documents
from resolvers.cursor import CursorCodec
from resolvers.emission.emitter import Emitter
from resolvers.flights import Flights
from resolvers.lookup import Lookup
from resolvers.recorder import Recorder


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The subject of another issuer's token. `organization` (id or slug): the only one in which it is valid."""

    subject: str
    organization: str | None


class TokenVerifier(Protocol):
    """A verifier for the tokens of another issuer."""

    async def verify(self, text: str) -> Identity:
        """The bearer of a token. Raises Unauthenticated; UpstreamFailed if the issuer's keys cannot be fetched."""


@dataclass(frozen=True, kw_only=True)
class Keeping:
    """The days for which history is kept, at least one. `payloads`: None for as long as their events."""

    events: int = 90
    payloads: int | None = None
    deliveries: int = 30
    dispatches: int = 90


@dataclass(frozen=True, kw_only=True)
class Hub:
    """The parts that are wired once for the life of a process.

    `public_url` is the address at which people reach the hub, without a slash at its end; empty if it is not
    configured. `own_url` is the same, else the address on which the hub listens: vendors' callbacks and connect links
    begin with it. `webhook_waits`: seconds before the second and each later attempt of a delivery.
    """

    database: Database
    keyring: Keyring
    egress: Egress
    recorder: Recorder
    emitter: Emitter
    lookup: Lookup
    cursors: CursorCodec
    #: By the capability's digest, and by the SHA-256 of an event type's schema.
    compiled: LastUsed[CompiledCapability]
    payloads: LastUsed[Validator]
    apart: Apart
    bus: Bus
    expressions: Expressions
    uploads: Lanes
    #: None if no other issuer is configured.
    external: TokenVerifier | None = None
    public_url: str = ""
    own_url: str = ""
    #: Whether apps may send their events to a tunnel while they are developed.
    tunnels: bool = True
    clock: Callable[[], int] = now_ms
    pace: Pace = field(default_factory=Pace)
    webhook_waits: tuple[int, ...] = (5, 300, 1800, 7200, 18_000, 36_000, 36_000)
    keeping: Keeping = field(default_factory=Keeping)
    documents: Documents = field(default_factory=Documents)
    #: Work in progress that several callers wait for.
    flights: Flights = field(default_factory=Flights)
