"""Organizations, their users and teams, their spaces and sites, their tags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement
from sqlmodel import col

from models.tables import Organization, Place, Principal, Tag
from models.vocabulary import Permission, PlaceKind, PrincipalKind
from resolvers.filters import equal, searching
from resolvers.operation import operation
from resolvers.page import BY_ID, Order, Slice, SliceRequest
from resolvers.work import Work

BY_NAME: Final = Order(columns=("name_key", "id"))
BY_KIND_AND_NAME: Final = Order(columns=("kind", "name_key", "id"))


@dataclass(frozen=True, kw_only=True)
class PrincipalFilter:
    """Conditions on principals; all must hold."""

    kind: PrincipalKind | None = None
    search: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The conditions in SQL. Each word is searched in the display name and the username."""
        return [*equal(col(Principal.kind), self.kind), *searching(col(Principal.search_text), self.search)]


@dataclass(frozen=True, kw_only=True)
class PlaceFilter:
    """Conditions on places; all must hold."""

    kind: PlaceKind | None = None
    search: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The conditions in SQL."""
        return [*equal(col(Place.kind), self.kind), *searching(col(Place.name_key), self.search)]


@operation(reads=True)
async def list_organizations(work: Work, page: SliceRequest) -> Slice[Organization]:
    """List every organization that the caller's token reaches, oldest first."""
    return await work.slice(work.mine(Organization), Organization, BY_ID, page)


@operation(needs=Permission.ORGANIZATION_READ, reads=True)
async def list_principals(work: Work, filter: PrincipalFilter, page: SliceRequest) -> Slice[Principal]:
    """List users and teams by name."""
    return await work.slice(work.mine(Principal).where(*filter.conditions()), Principal, BY_NAME, page)


@operation(needs=Permission.ORGANIZATION_READ, reads=True)
async def list_places(work: Work, filter: PlaceFilter, page: SliceRequest) -> Slice[Place]:
    """List sites and then spaces, by name."""
    return await work.slice(work.mine(Place).where(*filter.conditions()), Place, BY_KIND_AND_NAME, page)


@operation(needs=Permission.INTEGRATIONS_READ, reads=True)
async def list_tags(work: Work) -> Sequence[Tag]:
    """List the tags of the integrations that the caller sees, by name: few enough to need no pages."""
    return await work.all(work.mine(Tag).order_by(col(Tag.name_key), col(Tag.id)))
