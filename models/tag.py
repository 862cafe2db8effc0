"""Tag: a label for integrations; IntegrationTag: its use at one of them."""

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from models.row import Changeable, Owned, Scope, key_type, now_ms, ref_field, text_field, time_field
from models.vocabulary import Permission


class Tag(Changeable, Owned, table=True):
    """A label. Names that differ only in case are the same tag. A tag without uses is removed."""

    read_permission = Permission.INTEGRATIONS_READ
    scope = Scope.ORGANIZATION

    __table_args__ = (UniqueConstraint("organization_id", "name_key"),)

    name: str = text_field()
    name_key: str = Field(sa_type=key_type())


class IntegrationTag(Owned, table=True):
    """The use of a tag at an integration."""

    __tablename__ = "integration_tag"
    __table_args__ = (Index(None, "tag_id"),)

    integration_id: str = ref_field("integration.id", primary_key=True)
    tag_id: str = ref_field("tag.id", primary_key=True)
    created_at: int = time_field(default_factory=now_ms)
