"""EventType: a declared name; Event: a statement of an integration that something happened."""

from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

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
    """Immutable. Outlives the rows that it names: its only foreign key is the organization's."""

    read_permission = Permission.EVENTS_READ
    scope = Scope.HISTORY

    __table_args__ = (
        Index(None, "organization_id", "id"),
        Index(None, "organization_id", "integration_id", "id"),
        partial_index("ix_event_app_visible", "integration_id", "id", where="app_visible"),
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
    payload: dict[str, Any] = json_field(default_factory=dict)
    source: Source = word_field(Source)
    app_visible: bool = flag_field()
    principal_id: str | None = ref_field(default=None)
    token_id: str | None = ref_field(default=None)
    cause_kind: str | None = text_field(24, default=None)
    cause_id: str | None = ref_field(default=None)
    correlation_id: str = ref_field()
    depth: int = Field(default=0)
    feed: int | None = feed_field()
