"""Capability: an action that an integration declares."""

from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from models.row import UNAUDITED, Changeable, Owned, Scope, json_field, key_type, ref_field, text_field, word_field
from models.vocabulary import ArrayFormat, BodyFormat, CapabilityEffect, HttpMethod, Permission


class Capability(Changeable, Owned, table=True):
    """`input_schema`: JSON Schema 2020-12 of an object; `x-in` names the place of each input.

    `array_format`: lists in the query and in forms, unless an input has its own `x-array-format`.
    """

    read_permission = Permission.INTEGRATIONS_READ
    scope = Scope.INTEGRATION

    __table_args__ = (
        UniqueConstraint("integration_id", "name"),
        UniqueConstraint("integration_id", "field_name"),
        Index(None, "integration_id", "position", "id"),
        Index(None, "organization_id", "name", "id"),
    )

    integration_id: str = ref_field("integration.id")
    name: str = Field(sa_type=key_type())
    field_name: str = text_field(120)
    description: str = text_field(None, default="")
    search_text: str = text_field(None, default="")
    method: HttpMethod = word_field(HttpMethod)
    endpoint: str = text_field(2048)
    effect: CapabilityEffect = word_field(CapabilityEffect)
    body_format: BodyFormat = word_field(BodyFormat, default=BodyFormat.JSON)
    array_format: ArrayFormat = word_field(ArrayFormat, default=ArrayFormat.REPEAT)
    input_schema: dict[str, Any] = json_field()
    output_schema: dict[str, Any] | None = json_field(default=None)
    required_scopes: list[str] = json_field(default_factory=list)
    timeout_seconds: int = Field(default=30)
    digest: str = text_field(64, sa_column_kwargs=UNAUDITED)
    position: int = Field(default=0, sa_column_kwargs=UNAUDITED)
    source_operation: str | None = text_field(default=None)
