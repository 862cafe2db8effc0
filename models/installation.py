"""Installation: an integration authorised on an organization."""

from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from models.row import Changeable, Owned, json_field, ref_field, secret_field, text_field, word_field
from models.vocabulary import InstallationStatus, Permission, Selection


class Installation(Changeable, Owned, table=True):
    """Belongs to the installing organization, which calls it by `handler`."""

    read_permission = Permission.INSTALLATIONS_READ

    __table_args__ = (
        UniqueConstraint("integration_id", "organization_id"),
        UniqueConstraint("organization_id", "handler"),
        Index(None, "organization_id", "status", "id"),
        Index(None, "integration_id", "id"),
    )

    integration_id: str = ref_field("integration.id")
    handler: str = text_field(120)
    status: InstallationStatus = word_field(InstallationStatus, default=InstallationStatus.ACTIVE)
    space_selection: Selection = word_field(Selection, default=Selection.SELECTED)
    site_selection: Selection = word_field(Selection, default=Selection.SELECTED)
    configuration: bytes | None = secret_field(default=None)
    setup: dict[str, Any] = json_field(default_factory=dict)
    inbound_digest: str | None = text_field(64, default=None)
    inbound_secret: bytes | None = secret_field(default=None)
    version: int = Field(default=1)
