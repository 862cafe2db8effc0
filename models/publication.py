"""Publication: the public side of an integration, for others to install; and its words for filters."""

from typing import Any

from sqlalchemy import Index
from sqlmodel import Field

from models.row import (
    Changeable,
    Owned,
    flag_field,
    json_field,
    key_type,
    partial_index,
    ref_field,
    secret_field,
    text_field,
    time_field,
    word_field,
)
from models.vocabulary import FacetKind, Permission, PublicationTarget, PublicationVisibility


class Publication(Changeable, Owned, table=True):
    """An integration without one is not published. It belongs to the organization that publishes.

    `name` is its address, unique on the whole server. `version` counts publishings. `block_hosts`: the hosts that its
    blocks unfurl, each between two spaces. `digest`: of the published manifest, to tell whether one changed anything.
    `secrets` never leave; `secret_names` are readable. `made_integration`: publishing made the integration, so that
    unpublishing removes it. `events_url`: its own address for events. `tunnel_url`: until `tunnel_until` the events
    of its own organization go there instead; `tunnel_all` is shown and has no effect.
    """

    read_permission = Permission.INTEGRATIONS_READ

    __table_args__ = (
        Index("uq_publication_integration", "integration_id", unique=True),
        Index("uq_publication_name", "name_key", unique=True),
        Index(None, "organization_id", "id"),
        Index(None, "visibility", "name_key", "id"),
        partial_index("ix_publication_script", "script_asset_id", where="script_asset_id IS NOT NULL"),
    )

    integration_id: str = ref_field("integration.id")
    name: str = text_field(100)
    name_key: str = Field(sa_type=key_type())
    version: int = Field(default=1)
    digest: str = text_field(64)
    visibility: PublicationVisibility = word_field(PublicationVisibility, default=PublicationVisibility.PRIVATE)
    target: PublicationTarget = word_field(PublicationTarget, default=PublicationTarget.ALL)
    scopes: list[str] = json_field(default_factory=list)
    categories: list[str] = json_field(default_factory=list)
    blocks: list[dict[str, Any]] = json_field(default_factory=list)
    block_hosts: str = text_field(None, default="")
    has_blocks: bool = flag_field()
    content_sources: list[dict[str, Any]] = json_field(default_factory=list)
    has_sources: bool = flag_field()
    external_links: list[dict[str, str]] = json_field(default_factory=list)
    configurations: dict[str, Any] = json_field(default_factory=dict)
    content_security_policy: dict[str, Any] | str | None = json_field(default=None)
    preview_asset_ids: list[str] = json_field(default_factory=list)
    script_asset_id: str | None = ref_field("asset.id", ondelete="SET NULL", default=None)
    secrets: bytes | None = secret_field(default=None)
    secret_names: list[str] = json_field(default_factory=list)
    runtime: str = text_field(24, default="v1")
    verified: bool = flag_field()
    made_integration: bool = flag_field()
    events_url: str | None = text_field(2048, default=None)
    tunnel_url: str | None = text_field(2048, default=None)
    tunnel_all: bool = flag_field()
    tunnel_until: int | None = time_field(default=None)
    published_at: int = time_field()


class PublicationFacet(Owned, table=True):
    """A category or scope of a publication, for filters; written anew by each publishing."""

    __tablename__ = "publication_facet"
    __table_args__ = (Index(None, "kind", "value", "publication_id"), Index(None, "organization_id"))

    publication_id: str = ref_field("publication.id", primary_key=True)
    kind: FacetKind = word_field(FacetKind, primary_key=True)
    value: str = text_field(120, primary_key=True)
