"""Integrations: one by any of its names, and the list of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlmodel import col

from models.row import name_key
from models.tables import Definition, Integration, IntegrationTag, Tag
from models.vocabulary import IntegrationState, Permission
from resolvers.filters import among, searching
from resolvers.find import IntegrationRef, find_app
from resolvers.operation import operation
from resolvers.page import Order, Slice, SliceRequest
from resolvers.reach import living_and_removed
from resolvers.work import Work


class IntegrationOrderField(StrEnum):
    """Columns by which integrations can be ordered."""

    NAME = "NAME"
    CREATED_AT = "CREATED_AT"
    UPDATED_AT = "UPDATED_AT"


_COLUMNS: Final = {
    IntegrationOrderField.NAME: "name_key",
    IntegrationOrderField.CREATED_AT: "created_at",
    IntegrationOrderField.UPDATED_AT: "updated_at",
}


_REMOVED: Final = frozenset({IntegrationState.DELETING, IntegrationState.DELETED})


@dataclass(frozen=True, kw_only=True)
class IntegrationFilter:
    """Conditions on integrations; all must hold."""

    search: str | None = None
    vendor: tuple[str, ...] | None = None
    category: tuple[str, ...] | None = None
    state: tuple[IntegrationState, ...] | None = None
    tag: tuple[str, ...] | None = None
    owner_id: tuple[str, ...] | None = None
    identifier: tuple[str, ...] | None = None
    definition_category: tuple[str, ...] | None = None
    supports_upload: bool | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The conditions in SQL, except for tags."""
        return [
            *searching(col(Integration.search_text), self.search),
            *among(col(Integration.vendor), self.vendor),
            *among(col(Integration.category), self.category),
            *among(col(Integration.state), self.state),
            *among(col(Integration.owner_id), self.owner_id),
            *among(func.coalesce(col(Integration.identifier), col(Integration.slug)), self.identifier),
            *self._defined(),
            *self._uploads(),
        ]

    @property
    def names_removed(self) -> bool:
        """Whether a state is wanted that only removed integrations have."""
        return self.state is not None and not _REMOVED.isdisjoint(self.state)

    def _defined(self) -> list[ColumnElement[bool]]:
        if self.definition_category is None:
            return []
        known = select(col(Definition.id)).where(*among(col(Definition.category), self.definition_category))
        return [col(Integration.definition_id).in_(known)]

    def _uploads(self) -> list[ColumnElement[bool]]:
        if self.supports_upload is None:
            return []
        takes = select(col(Definition.id)).where(col(Definition.supports_upload))
        inside = col(Integration.definition_id).in_(takes)
        return [inside if self.supports_upload else or_(col(Integration.definition_id).is_(None), ~inside)]


def integration_order(field: IntegrationOrderField, *, descending: bool = False) -> Order:
    """A total order of integrations."""
    return Order(columns=(_COLUMNS[field], "id"), descending=descending)


@operation(needs=Permission.INTEGRATIONS_READ, reads=True)
async def list_integrations(
    work: Work, filter: IntegrationFilter, order: Order, page: SliceRequest
) -> Slice[Integration]:
    """List the organization's integrations and those installed on it; removed ones if the filter names their states.

    Tags are those of the organization.
    """
    existing = work.mine(Integration)
    if filter.names_removed:
        existing = select(Integration).where(*living_and_removed(work.caller))
    conditions = [*filter.conditions(), *_tagged(work, filter.tag)]
    return await work.slice(existing.where(*conditions), Integration, order, page)


def _tagged(work: Work, names: tuple[str, ...] | None) -> list[ColumnElement[bool]]:
    if names is None:
        return []
    tags = select(col(Tag.id)).where(
        col(Tag.organization_id) == work.organization_id,
        *among(col(Tag.name_key), [name_key(name.strip()) for name in names]),
    )
    links = select(col(IntegrationTag.integration_id)).where(col(IntegrationTag.tag_id).in_(tags))
    return [col(Integration.id).in_(links)]


@operation(needs=Permission.INTEGRATIONS_READ, reads=True)
async def read_integration(work: Work, ref: IntegrationRef) -> Integration | None:
    """Read one integration or published app; None if there is none that the caller may see."""
    return await find_app(work, ref)
