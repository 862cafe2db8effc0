"""EventType: a declared name; Event: a statement of an integration that something happened; counters of events."""

from typing import Any

import orjson
from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.row import (
    Changeable,
    Owned,
    Row,
    Scope,
    binary_type,
    feed_field,
    flag_field,
    json_field,
    key_type,
    partial_index,
    ref_field,
    text_field,
    time_field,
    word_field,
)
from models.vocabulary import Permission, Source


class EventType(Changeable, Owned, table=True):
    """`name`: as declared, such as `Slack.MESSAGE_SENT`; `suffix`: the part after the handler.

    `version` counts the schemas that it has had. `example`: a payload that the schema allows.
    """

    read_permission = Permission.INTEGRATIONS_READ
    scope = Scope.INTEGRATION

    __tablename__ = "event_type"
    __table_args__ = (
        UniqueConstraint("integration_id", "suffix"),
        Index(None, "integration_id", "name", "id"),
    )

    integration_id: str = ref_field("integration.id")
    name: str = Field(sa_type=key_type())
    suffix: str = text_field(120)
    description: str = text_field(None, default="")
    payload_schema: dict[str, Any] | None = json_field(default=None)
    example: dict[str, Any] | None = json_field(default=None)
    version: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    deprecated_since: int | None = time_field(default=None)


class Event(Row, Owned, table=True):
    """Immutable. Outlives the rows that it names: its only foreign key is the organization's.

    `sequence`: its number in its organization, in the order of commit and without gaps; `entity_sequence`: the same
    among the events of its `entity_id`. `body`: the bytes that receivers get, as text; None once they have expired.
    """

    read_permission = Permission.EVENTS_READ
    scope = Scope.HISTORY

    __table_args__ = (
        UniqueConstraint("organization_id", "sequence"),
        Index(None, "organization_id", "id"),
        Index(None, "organization_id", "integration_id", "id"),
        partial_index("ix_event_app_visible", "integration_id", "feed", "id", where="app_visible"),
        Index(None, "installation_id", "id"),
        Index(None, "organization_id", "type", "id"),
        Index(None, "organization_id", "entity_id", "id"),
        Index(None, "correlation_id"),
    )

    integration_id: str | None = ref_field(default=None)
    installation_id: str | None = ref_field(default=None)
    event_type_id: str | None = ref_field(default=None)
    type: str = Field(sa_type=binary_type())
    entity_id: str = text_field()
    sequence: int = Field(sa_type=BigInteger)
    entity_sequence: int = Field(sa_type=BigInteger)
    body: str | None = text_field(None, default=None)
    source: Source = word_field(Source)
    app_visible: bool = flag_field()
    principal_id: str | None = ref_field(default=None)
    token_id: str | None = ref_field(default=None)
    cause_kind: str | None = text_field(24, default=None)
    cause_id: str | None = ref_field(default=None)
    correlation_id: str = ref_field()
    depth: int = Field(default=0)
    feed: int | None = feed_field()

    @property
    def payload(self) -> dict[str, Any] | None:
        """The member `data` of the body; None once it has expired."""
        return None if self.body is None else dict(orjson.loads(self.body)["data"])


class EventSequence(Owned, SQLModel, table=True):
    """The number of an organization's newest event. Its lock, held until the commit, makes one order of them."""

    __tablename__ = "event_sequence"

    scope = Scope.ORGANIZATION

    organization_id: str = ref_field("organization.id", primary_key=True)
    sequence: int = Field(sa_type=BigInteger)


class EntitySequence(Owned, SQLModel, table=True):
    """The number of an entity's newest event, emitted at `used_at`. Written under its organization's lock."""

    __tablename__ = "entity_sequence"
    __table_args__ = (Index(None, "used_at"),)

    scope = Scope.ORGANIZATION

    organization_id: str = ref_field("organization.id", primary_key=True)
    entity_id: str = text_field(primary_key=True)
    sequence: int = Field(sa_type=BigInteger)
    used_at: int = time_field()
