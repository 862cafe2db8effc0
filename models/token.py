"""Token: a bearer text, stored as its SHA-256 only."""

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from models.row import (
    UNAUDITED,
    Changeable,
    Owned,
    json_field,
    partial_index,
    ref_field,
    text_field,
    time_field,
    word_field,
)
from models.vocabulary import TokenKind, TokenReach


class Token(Changeable, Owned, table=True):
    """Belongs to exactly one of: a principal, an integration, an installation. `hint`: its last letters.

    `created_by`: its maker, the user that made it or took it over. A token of an app or an installation never does
    more than its maker may. Without a maker, as the operator makes it, it has exactly its own permissions. A personal
    token has ACT_AS while its user or its maker is an administrator, or if it has no maker.
    `allowed_capabilities`: the only capabilities that it may run, by id, with the digests of their declarations when
    it was made; empty means any.
    """

    read_permission = None

    __table_args__ = (
        UniqueConstraint("digest"),
        Index(None, "organization_id", "id"),
        partial_index("ix_token_installation", "installation_id", where="installation_id IS NOT NULL"),
        CheckConstraint(
            "(CASE WHEN principal_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN integration_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN installation_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="one_owner",
        ),
    )

    kind: TokenKind = word_field(TokenKind)
    name: str = text_field()
    digest: str = text_field(64, sa_column_kwargs=UNAUDITED)
    hint: str = text_field(120)
    permissions: list[str] = json_field(default_factory=list)
    reach: TokenReach = word_field(TokenReach, default=TokenReach.ORGANIZATION)
    principal_id: str | None = ref_field("principal.id", default=None)
    integration_id: str | None = ref_field("integration.id", default=None)
    installation_id: str | None = ref_field("installation.id", default=None)
    allowed_capabilities: dict[str, str] = json_field(default_factory=dict)
    expires_at: int | None = time_field(default=None)
    last_used_at: int | None = time_field(default=None, sa_column_kwargs=UNAUDITED)
    revoked_at: int | None = time_field(default=None)
    created_by: str | None = ref_field(default=None)
