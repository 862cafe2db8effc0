"""Installation: an integration authorised on an organization, on places of it, and the ids that the app gave."""

from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from models.row import Changeable, Owned, Row, json_field, ref_field, secret_field, text_field, word_field
from models.vocabulary import InstallationStatus, Permission, PlaceKind, Selection


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


class InstallationPlace(Changeable, Owned, table=True):
    """An installation on one space or site of its organization.

    `kind` is the place's, `integration_id` the installation's. `configured`: its configuration satisfies the schema
    that was published for this kind of place.
    """

    read_permission = Permission.INSTALLATIONS_READ

    __tablename__ = "installation_place"
    __table_args__ = (
        UniqueConstraint("installation_id", "place_id"),
        Index(None, "installation_id", "kind", "id"),
        Index(None, "integration_id", "kind", "id"),
        Index(None, "place_id", "id"),
        Index(None, "organization_id"),
    )

    integration_id: str = ref_field("integration.id")
    installation_id: str = ref_field("installation.id")
    place_id: str = ref_field("place.id")
    kind: PlaceKind = word_field(PlaceKind)
    configuration: bytes | None = secret_field(default=None)
    configured: bool = Field(default=True)
    version: int = Field(default=1)


class ExternalId(Row, Owned, table=True):
    """An id that an app gave an installation, or one place of it. Each has at most five, ordered by `position`."""

    __tablename__ = "external_id"
    __table_args__ = (
        Index(None, "integration_id", "value", "installation_id"),
        Index(None, "installation_id", "installation_place_id", "position"),
        Index(None, "installation_place_id"),
        Index(None, "organization_id"),
    )

    integration_id: str = ref_field("integration.id")
    installation_id: str = ref_field("installation.id")
    installation_place_id: str | None = ref_field("installation_place.id", default=None)
    value: str = text_field()
    position: int = Field()
