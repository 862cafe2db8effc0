"""Edges from audit entries."""

from __future__ import annotations

from models.tables import AuditEntry, Principal, Token
from resolvers.loaders.edge import Edge

ACTOR_BY_AUDIT_ENTRY = Edge(source=AuditEntry, target=Principal, local="actor_id")
TOKEN_BY_AUDIT_ENTRY = Edge(source=AuditEntry, target=Token, local="actor_token_id")
