"""Edges from audit entries."""

from __future__ import annotations

from models.tables import AuditEntry, Principal
from resolvers.loaders.edge import Edge

ACTOR_BY_AUDIT_ENTRY = Edge(source=AuditEntry, target=Principal, local="actor_id")
