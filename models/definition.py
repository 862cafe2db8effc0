"""Definition: the facts about a vendor."""

from enum import StrEnum
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field

from models.row import (
    UNAUDITED,
    Changeable,
    flag_field,
    json_field,
    key_type,
    partial_index,
    ref_field,
    text_field,
    word_field,
)
from models.vocabulary import AuthType, Permission


class FieldGroup(StrEnum):
    """SECRET: stored encrypted. PARAMETER: stored readable."""

    SECRET = "SECRET"
    PARAMETER = "PARAMETER"


class FieldType(StrEnum):
    """Kind of a form field. TEXT is multi-line or base64."""

    STRING = "STRING"
    INTEGER = "INTEGER"
    BOOLEAN = "BOOLEAN"
    SELECT = "SELECT"
    TEXT = "TEXT"


class ResponseMode(StrEnum):
    """How a vendor brings its answer to a consent. QUERY: by redirect. FORM_POST: by a posted form."""

    QUERY = "QUERY"
    FORM_POST = "FORM_POST"


class Definition(Changeable, table=True):
    """A vendor. Without an organization it is built in; only these rows belong to no organization."""

    read_permission = Permission.INTEGRATIONS_READ

    __table_args__ = (
        partial_index(
            "uq_definition_organization_id_vendor",
            "organization_id",
            "vendor",
            where="organization_id IS NOT NULL",
            unique=True,
        ),
        partial_index("uq_definition_vendor", "vendor", where="organization_id IS NULL", unique=True),
        Index(None, "name_key", "id"),
        Index(None, "category", "id"),
    )

    organization_id: str | None = ref_field("organization.id", default=None)
    vendor: str = text_field(120)
    name: str = text_field()
    name_key: str = Field(sa_type=key_type())
    category: str = text_field(120)
    auth_type: AuthType = word_field(AuthType)
    digest: str = text_field(64, sa_column_kwargs=UNAUDITED)
    body: dict[str, Any] = json_field(default_factory=dict)
    supports_upload: bool = flag_field()
    requires_verification: bool = flag_field()
    deprecated: bool = flag_field()
