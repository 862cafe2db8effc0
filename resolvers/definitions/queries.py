"""Definitions: the list of vendors, and one by its key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, exists, or_
from sqlalchemy.orm import aliased
from sqlmodel import col

from models.tables import Definition
from models.vocabulary import AuthType, Permission
from resolvers.definitions.edges import usable, usable_key
from resolvers.filters import among, words_of
from resolvers.operation import operation
from resolvers.page import GREATEST_SIZE, Order, Slice, SliceRequest
from resolvers.work import Work

BY_NAME = Order(columns=("name_key", "id"))


@dataclass(frozen=True, kw_only=True)
class DefinitionFilter:
    """Conditions on definitions; all must hold."""

    search: str | None = None
    category: tuple[str, ...] | None = None
    auth_type: tuple[AuthType, ...] | None = None
    custom: bool | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The conditions in SQL."""
        return [
            *self._words(),
            *among(col(Definition.category), self.category),
            *among(col(Definition.auth_type), self.auth_type),
            *self._owner(),
        ]

    def _words(self) -> list[ColumnElement[bool]]:
        return [
            or_(
                *(text.contains(word, autoescape=True) for text in (col(Definition.name_key), col(Definition.vendor)))
            )
            for word in words_of(self.search)
        ]

    def _owner(self) -> list[ColumnElement[bool]]:
        if self.custom is None:
            return []
        owner = col(Definition.organization_id)
        return [owner.is_not(None) if self.custom else owner.is_(None)]


@operation(needs=Permission.INTEGRATIONS_READ, reads=True)
async def list_definitions(work: Work, filter: DefinitionFilter, page: SliceRequest) -> Slice[Definition]:
    """List the vendors. The organization's own definition replaces a built-in one of the same key."""
    return await work.slice(_known(work).where(*filter.conditions()), Definition, BY_NAME, page)


@operation(needs=Permission.INTEGRATIONS_READ, reads=True)
async def read_definition(work: Work, vendor: str) -> Definition | None:
    """Read one vendor by key; None if it is unknown."""
    return await work.first(of_vendor(work, vendor))


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A vendor, and whether the organization can make an integration of it now."""

    definition: Definition
    usable: bool


@operation(needs=Permission.INTEGRATIONS_READ, reads=True)
async def list_offers(work: Work, categories: Sequence[str]) -> list[Offer]:
    """List the vendors of these categories by name, at most 1,000, in two statements."""
    listed = _known(work).where(col(Definition.category).in_(categories))
    rows = await work.all(listed.order_by(col(Definition.name_key), col(Definition.id)).limit(GREATEST_SIZE))
    may_be_made = await usable(work.session, work.caller, [usable_key(row) for row in rows])
    return [Offer(definition=row, usable=may_be_made[usable_key(row)]) for row in rows]


def of_vendor(work: Work, vendor: str) -> Select[Definition]:
    """Select the definition of a vendor: the organization's own, else the built-in one."""
    chosen: Select[Definition] = _known(work).where(col(Definition.vendor) == vendor)
    return chosen


def _known(work: Work) -> Select[Definition]:
    own = aliased(Definition)
    replaced = exists().where(
        col(own.organization_id) == work.organization_id, col(own.vendor) == col(Definition.vendor)
    )
    return work.mine(Definition).where(or_(col(Definition.organization_id).is_not(None), ~replaced))
