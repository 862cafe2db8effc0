"""Audit entries: the list of changes and refusals."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlmodel import col

from models.tables import AuditEntry
from models.vocabulary import Permission, Source
from resolvers.filters import among, at_least, before, equal, matching
from resolvers.operation import operation
from resolvers.page import NEWEST_FIRST, Slice, SliceRequest
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class AuditFilter:
    """Conditions on audit entries; all must hold. Actions may end in `*`. Times in ms since 1970 UTC."""

    action: tuple[str, ...] | None = None
    actor_id: tuple[str, ...] | None = None
    source: tuple[Source, ...] | None = None
    resource_type: tuple[str, ...] | None = None
    resource_id: str | None = None
    since: int | None = None
    until: int | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The conditions in SQL."""
        return [
            *matching(col(AuditEntry.action), self.action),
            *among(col(AuditEntry.actor_id), self.actor_id),
            *among(col(AuditEntry.source), self.source),
            *among(col(AuditEntry.resource_type), self.resource_type),
            *equal(col(AuditEntry.resource_id), self.resource_id),
            *at_least(col(AuditEntry.created_at), self.since),
            *before(col(AuditEntry.created_at), self.until),
        ]


@operation(needs=Permission.AUDIT_READ, reads=True)
async def list_audit_entries(work: Work, filter: AuditFilter, page: SliceRequest) -> Slice[AuditEntry]:
    """List changes in the organization and refusals, with their actors; newest first."""
    return await work.slice(work.mine(AuditEntry).where(*filter.conditions()), AuditEntry, NEWEST_FIRST, page)
