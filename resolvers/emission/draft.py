"""Draft: an event that is about to be accepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from models.row import new_id
from models.vocabulary import Source


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An event before its sequence is known. `data` is its payload; `created_at` in ms since 1970 UTC.

    `for_organization`: the organization of its installation, if that is another one than the event's; not kept.
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
    depth: int = 0
    id: str = field(default_factory=new_id)
