"""AuditEntry: a change of the hub, or a refusal, with its actor."""

from typing import Any

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field

from models.row import Owned, Row, Scope, json_field, partial_index, ref_field, text_field, word_field
from models.vocabulary import Permission, Source


class AuditEntry(Row, Owned, table=True):
    """Only the sealer updates it, to set `sequence` and `hash`."""

    read_permission = Permission.AUDIT_READ
    scope = Scope.HISTORY

    __tablename__ = "audit_entry"
    __table_args__ = (
        UniqueConstraint("organization_id", "sequence"),
        Index(None, "organization_id", "id"),
        Index(None, "integration_id", "id"),
        Index(None, "organization_id", "resource_id", "id"),
        Index(None, "organization_id", "actor_id", "id"),
        partial_index("ix_audit_entry_unsealed", "organization_id", "id", where="sequence IS NULL"),
    )

    action: str = text_field(120)
    source: Source = word_field(Source)
    actor_id: str | None = ref_field(default=None)
    actor_token_id: str | None = ref_field(default=None)
    actor_name: str = text_field()
    integration_id: str | None = ref_field(default=None)
    resource_type: str = text_field(120)
    resource_id: str = ref_field()
    resource_name: str | None = text_field(default=None)
    changes: list[dict[str, Any]] = json_field(default_factory=list)
    request_id: str = ref_field()
    sequence: int | None = Field(default=None, sa_type=BigInteger)
    hash: str | None = text_field(64, default=None)
