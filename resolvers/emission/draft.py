"""Draft: an event that is about to be accepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from models.row import new_id
from models.vocabulary import Source


@dataclass(frozen=True, kw_only=True)
class Cause:
    """The thing that makes a call or an event: `kind` is a word of TraceKind. `chain`: the flows that led to it.

    A step of a run has the chain of its run.
    """

    kind: str
    id: str
    correlation_id: str
    chain: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An event before its sequence is known. `data` is its payload; `created_at` in ms since 1970 UTC.

    `for_organization`: the organization of its installation, if that is another one than the event's; not kept.
    `chain`: the flows that led to it, the oldest first; kept with the runs that it starts.
    """

    organization_id: str
    type: str
    entity_id: str
    data: Mapping[str, Any]
    source: Source
    created_at: int
    integration_id: str | None = None
    installation_id: str | None = None
    event_type_id: str | None = None
    principal_id: str | None = None
    token_id: str | None = None
    app_visible: bool = False
    for_organization: str | None = None
    cause_kind: str | None = None
    cause_id: str | None = None
    correlation_id: str | None = None
    chain: tuple[str, ...] = ()
    id: str = field(default_factory=new_id)

    @property
    def depth(self) -> int:
        """The number of runs that led to it, one after the other."""
        return len(self.chain)

    def caused_by(self, cause: Cause) -> Draft:
        """The same event with its cause."""
        return replace(
            self,
            cause_kind=cause.kind,
            cause_id=cause.id,
            correlation_id=cause.correlation_id,
            chain=cause.chain,
        )
