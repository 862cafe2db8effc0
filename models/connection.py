"""Connection: a credential at a remote service; Registration: its link to an integration that may use it."""

from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from models.row import (
    UNAUDITED,
    Changeable,
    Owned,
    Row,
    count_field,
    flag_field,
    json_field,
    key_type,
    origins_field,
    partial_index,
    ref_field,
    secret_field,
    text_field,
    time_field,
    word_field,
)
from models.vocabulary import AuthType, ConnectionMode, ConnectionStatus, Permission


class Connection(Changeable, Owned, table=True):
    """`details`: readable parts and masked hints, written together with the secret, so that no read decrypts.
    `masks`: the same parts in the form in which clients send a secret back that they leave as it is (`mask_of`).

    Of a token: `issued_at`, its issue by a token endpoint; `refresh_refusals`, refusals of its renewal in a row;
    `token_refusals`, calls in a row to which the service said `invalid_token` though the token was renewed;
    `futile_renewal_at`, the last renewal that did not end a 401; `answered_scopes`, those of the last renewal if it
    named fewer than were granted.

    `last_integration_id`: the integration that it was detached from last. It says who sees a shared connection at no
    integration; `created_by` and `created_by_token` say so of one that never was at any.
    """

    read_permission = Permission.CONNECTIONS_READ

    __table_args__ = (
        Index(None, "organization_id", "name_key", "id"),
        Index(None, "principal_id"),
        Index(None, "organization_id", "status"),
        partial_index(
            "ix_connection_expires_at",
            "expires_at",
            where="auth_type IN ('OAUTH2', 'CLIENT_CREDENTIALS') AND status = 'CONNECTED'",
        ),
        CheckConstraint("(mode = 'PER_USER') = (principal_id IS NOT NULL)", name="per_user_has_principal"),
    )

    name: str = text_field()
    name_key: str = Field(sa_type=key_type())
    mode: ConnectionMode = word_field(ConnectionMode)
    principal_id: str | None = ref_field("principal.id", default=None)
    auth_type: AuthType = word_field(AuthType)
    status: ConnectionStatus = word_field(ConnectionStatus, default=ConnectionStatus.CONNECTED)
    base_url: str | None = text_field(2048, default=None)
    secret: bytes = secret_field(origins="secret_origins")
    secret_origins: str | None = origins_field()
    secret_version: int = Field(default=1, sa_column_kwargs=UNAUDITED)
    details: dict[str, Any] = json_field(default_factory=dict)
    masks: dict[str, str] = json_field(default_factory=dict, sa_column_kwargs=UNAUDITED)
    granted_scopes: list[str] = json_field(default_factory=list)
    account: dict[str, Any] = json_field(default_factory=dict)
    expires_at: int | None = time_field(default=None)
    last_used_at: int | None = time_field(default=None, sa_column_kwargs=UNAUDITED)
    last_error: str | None = text_field(None, default=None, sa_column_kwargs=UNAUDITED)
    last_error_at: int | None = time_field(default=None, sa_column_kwargs=UNAUDITED)
    issued_at: int | None = time_field(default=None, sa_column_kwargs=UNAUDITED)
    refresh_refusals: int = count_field()
    token_refusals: int = count_field()
    futile_renewal_at: int | None = time_field(default=None, sa_column_kwargs=UNAUDITED)
    answered_scopes: list[str] | None = json_field(default=None, sa_column_kwargs=UNAUDITED)
    lease_owner: str | None = text_field(120, default=None)
    lease_until: int | None = time_field(default=None)
    adaptor: dict[str, Any] | None = json_field(default=None)
    last_integration_id: str | None = ref_field(default=None, sa_column_kwargs=UNAUDITED)
    created_by: str | None = ref_field(default=None)
    created_by_token: str | None = ref_field(default=None)
    version: int = Field(default=1)


class Registration(Row, Owned, table=True):
    """Belongs to the connection's organization: each organization has its own default connection.

    `confirmed`: the secret was entered at this integration, or the connection's holder registered it. A new secret of
    the whole connection is bound to new addresses of confirmed integrations only.
    """

    __table_args__ = (
        UniqueConstraint("integration_id", "connection_id"),
        partial_index(
            "uq_registration_default", "integration_id", "organization_id", where="is_default", unique=True
        ),
        Index(None, "connection_id"),
    )

    integration_id: str = ref_field("integration.id")
    connection_id: str = ref_field("connection.id")
    is_default: bool = flag_field()
    confirmed: bool = flag_field()
