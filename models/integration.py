"""Integration: a configured or published app of one organization; Workspace: its container of flows."""

from typing import Any

from sqlalchemy import ForeignKey, Index, true
from sqlmodel import Field

from models.definition import ResponseMode
from models.row import (
    Changeable,
    Owned,
    Scope,
    flag_field,
    id_type,
    json_field,
    key_type,
    now_ms,
    origins_field,
    partial_index,
    ref_field,
    secret_field,
    text_field,
    time_field,
    word_field,
)
from models.vocabulary import (
    ApiKeyLocation,
    AuthType,
    ConnectionMode,
    IntegrationAccess,
    IntegrationState,
    Permission,
    TokenEndpointAuth,
)

_LIVING = "removed_at IS NULL"


class Integration(Changeable, Owned, table=True):
    """An app. `removed_at` is set when its deletion begins; from then on it is hidden everywhere."""

    read_permission = Permission.INTEGRATIONS_READ

    __table_args__ = (
        partial_index("uq_integration_handler", "organization_id", "handler", where=_LIVING, unique=True),
        partial_index("uq_integration_slug", "organization_id", "slug", where=_LIVING, unique=True),
        partial_index("uq_integration_uuid", "organization_id", "uuid", where=_LIVING, unique=True),
        Index(None, "organization_id", "name_key", "id"),
        Index(None, "organization_id", "created_at", "id"),
        Index(None, "organization_id", "updated_at", "id"),
        Index(None, "organization_id", "state", "id"),
        Index(None, "organization_id", "vendor"),
        Index(None, "owner_id"),
        Index(None, "icon_asset_id"),
    )

    handler: str = text_field(120)
    slug: str = text_field(120)
    uuid: str | None = text_field(36, default=None)
    identifier: str | None = text_field(default=None)
    name: str = text_field()
    name_key: str = Field(sa_type=key_type())
    search_text: str = text_field(None)
    description: str = text_field(None, default="")
    readme: str = text_field(None, default="")
    vendor: str = text_field(120)
    definition_id: str | None = ref_field("definition.id", ondelete="SET NULL", default=None)
    category: str = text_field(120, default="other")
    mode: ConnectionMode = word_field(ConnectionMode, default=ConnectionMode.PER_USER)
    access: IntegrationAccess = word_field(IntegrationAccess, default=IntegrationAccess.ORGANIZATION)
    state: IntegrationState = word_field(IntegrationState, default=IntegrationState.LIVE)
    state_error: str | None = text_field(None, default=None)
    state_changed_at: int = time_field(default_factory=now_ms)
    removed_at: int | None = time_field(default=None)
    owner_id: str | None = ref_field("principal.id", ondelete="RESTRICT", default=None)
    created_by: str | None = ref_field(default=None)
    created_by_token: str | None = ref_field(default=None)
    updated_by: str | None = ref_field(default=None)
    # An asset references its integration too: this foreign key is added after both tables exist.
    icon_asset_id: str | None = Field(
        default=None,
        sa_type=id_type(),
        sa_column_args=[ForeignKey("asset.id", ondelete="SET NULL", use_alter=True)],
    )
    image_url: str | None = text_field(2048, default=None)
    version: int = Field(default=1)

    auth_type: AuthType = word_field(AuthType, default=AuthType.NONE)
    api_base_url: str | None = text_field(2048, default=None)
    client_id: str | None = text_field(default=None)
    client_secret: bytes | None = secret_field(origins="client_secret_origins", default=None)
    client_secret_origins: str | None = origins_field()
    scopes: list[str] = json_field(default_factory=list)
    authorization_url: str | None = text_field(2048, default=None)
    token_url: str | None = text_field(2048, default=None)
    revocation_url: str | None = text_field(2048, default=None)
    token_endpoint_auth: TokenEndpointAuth = word_field(TokenEndpointAuth, default=TokenEndpointAuth.BASIC)
    token_parameters: dict[str, str] = json_field(default_factory=dict, sa_column_kwargs={"server_default": "{}"})
    token_path: str | None = text_field(324, default=None)
    pkce: bool = Field(default=True, sa_column_kwargs={"server_default": true()})
    response_mode: ResponseMode | None = word_field(ResponseMode, default=None)
    api_key_location: ApiKeyLocation = word_field(ApiKeyLocation, default=ApiKeyLocation.HEADER)
    api_key_name: str | None = text_field(120, default=None)
    headers: bytes | None = secret_field(origins="headers_origins", default=None)
    headers_origins: str | None = origins_field()
    header_hints: list[dict[str, str]] = json_field(default_factory=list)
    parameters: dict[str, Any] = json_field(default_factory=dict)


class Workspace(Owned, table=True):
    """Makes its integration a container of flows; inserted together with it."""

    scope = Scope.ORGANIZATION

    integration_id: str = ref_field("integration.id", primary_key=True)
    settings: dict[str, Any] = json_field(default_factory=dict)
    settings_form: dict[str, Any] | None = json_field(default=None)
    release_version: str | None = text_field(120, default=None)
    tag: str | None = text_field(120, default=None)
    update_in_progress: bool = flag_field()
    sandbox: bool = flag_field()
    flow_groups: list[dict[str, Any]] = json_field(default_factory=list)
    aliases: list[dict[str, Any]] = json_field(default_factory=list)
    install_steps: list[dict[str, Any]] = json_field(default_factory=list)
    uninstall_steps: list[dict[str, Any]] = json_field(default_factory=list)
    source_id: str | None = ref_field(default=None)
    source_kind: str | None = text_field(24, default=None)
    created_at: int = time_field(default_factory=now_ms)
    updated_at: int = time_field(default_factory=now_ms, sa_column_kwargs={"onupdate": now_ms})
