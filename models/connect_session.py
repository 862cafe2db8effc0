"""ConnectSession: an attempt of a user to connect, by a link or by a vendor's consent page."""

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from models.row import (
    UNAUDITED,
    Changeable,
    Owned,
    json_field,
    key_type,
    ref_field,
    secret_field,
    text_field,
    time_field,
    word_field,
)
from models.vocabulary import ConnectSessionStatus, Permission


class ConnectSession(Changeable, Owned, table=True):
    """The table for connect links and for OAuth flows. Purged a day after `expires_at`.

    Link, state and browser are kept as SHA-256 digests. The state is erased when used, and valid until
    `state_expires_at`. `integration_id`: the chosen integration; `integration_ids`: those that the link offers.
    `renews_id`: the connection to renew; `connection_id`: the resulting connection. EXPIRED is never stored.
    """

    read_permission = Permission.CONNECTIONS_READ

    __tablename__ = "connect_session"
    __table_args__ = (
        UniqueConstraint("link_digest"),
        UniqueConstraint("state_digest"),
        Index(None, "expires_at"),
    )

    status: ConnectSessionStatus = word_field(ConnectSessionStatus, default=ConnectSessionStatus.OPEN)
    integration_ids: list[str] = json_field(default_factory=list)
    integration_id: str | None = ref_field("integration.id", default=None)
    principal_id: str | None = ref_field("principal.id", default=None)
    created_by: str | None = ref_field(default=None)
    created_by_token: str | None = ref_field(default=None)
    renews_id: str | None = ref_field(default=None)
    connection_id: str | None = ref_field("connection.id", ondelete="SET NULL", default=None)
    additional_scopes: list[str] = json_field(default_factory=list)
    return_url: str | None = text_field(2048, default=None)
    redirect_uri: str | None = text_field(2048, default=None, sa_column_kwargs=UNAUDITED)
    link_digest: str | None = Field(sa_type=key_type(), default=None, sa_column_kwargs=UNAUDITED)
    state_digest: str | None = Field(sa_type=key_type(), default=None, sa_column_kwargs=UNAUDITED)
    state_expires_at: int | None = time_field(default=None, sa_column_kwargs=UNAUDITED)
    verifier: bytes | None = secret_field(default=None)
    browser_digest: str | None = text_field(64, default=None, sa_column_kwargs=UNAUDITED)
    error: str | None = text_field(None, default=None)
    expires_at: int = time_field()
    completed_at: int | None = time_field(default=None)
