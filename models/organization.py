"""Organization: the tenant; and Place: a space or a site inside it."""

from typing import Any

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from models.row import Changeable, Owned, Scope, json_field, key_type, text_field, word_field
from models.vocabulary import Permission, PlaceKind


class Organization(Changeable, table=True):
    """A tenant. It is its own organization."""

    read_permission = None

    name: str = text_field()
    slug: str = text_field(120, unique=True)
    custom_fields: dict[str, Any] = json_field(default_factory=dict)
    return_urls: list[str] = json_field(default_factory=list)
    limits: dict[str, Any] = json_field(default_factory=dict)
    audit_sequence: int = Field(default=0, sa_type=BigInteger)
    audit_hash: str = text_field(64, default="")


class Place(Changeable, Owned, table=True):
    """A space or a site, to which an installation can be narrowed."""

    read_permission = Permission.ORGANIZATION_READ
    scope = Scope.ORGANIZATION

    __table_args__ = (Index(None, "organization_id", "kind", "name_key", "id"),)

    kind: PlaceKind = word_field(PlaceKind)
    name: str = text_field()
    name_key: str = Field(sa_type=key_type())
    details: dict[str, Any] = json_field(default_factory=dict)
