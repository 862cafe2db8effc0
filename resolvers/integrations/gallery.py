"""The list of integrations that the organization owns, for faces without installations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, Select, select
from sqlmodel import col

from models.errors import InvalidInput
from models.tables import Integration, IntegrationTag, Principal, Share
from models.vocabulary import Permission
from resolvers.find import name_of
from resolvers.integrations.queries import IntegrationFilter
from resolvers.operation import operation
from resolvers.page import GREATEST_OFFSET, Order, Slice, SliceRequest
from resolvers.reach import own_integrations
from resolvers.work import Work

_BY_NAME: Final = Order(columns=("name_key", "id"))
_SHOWN: Final = (
    *("id", "uuid", "name", "slug", "vendor", "category", "description"),
    *("mode", "auth_type", "owner_id"),
)


@dataclass(frozen=True, kw_only=True)
class GalleryEntry:
    """One integration of the gallery. `facts` has columns of its row.

    `owner` and those in `shares`, with their access levels, are names of users and teams (`name_of`).
    """

    facts: Row[Any]
    owner: str | None
    tag_ids: Sequence[str]
    shares: Sequence[tuple[str, int]]


@operation(needs=Permission.INTEGRATIONS_READ, reads=True)
async def list_own_integrations(work: Work, filter: IntegrationFilter, page: SliceRequest) -> Slice[Integration]:
    """List integrations that the organization owns and the caller may see, by name; without removed ones."""
    mine = select(Integration).where(*own_integrations(work.caller), *filter.conditions())
    return await work.slice(mine, Integration, _BY_NAME, page)


@operation(needs=Permission.INTEGRATIONS_READ, reads=True, refuses=(InvalidInput,))
async def list_gallery(work: Work) -> Sequence[GalleryEntry]:
    """List all of these integrations with their tags and shares, in three statements. Raises InvalidInput."""
    columns = [*(getattr(Integration, name) for name in _SHOWN), col(Principal.username).label("owner_username")]
    mine = own_integrations(work.caller)
    owned = select(*columns).outerjoin(Principal, col(Principal.id) == col(Integration.owner_id))
    listed = owned.where(*mine).order_by(col(Integration.name_key), col(Integration.id))
    rows = (await work.session.execute(listed.limit(GREATEST_OFFSET + 1))).all()
    if len(rows) > GREATEST_OFFSET:
        raise InvalidInput.at((), f"There are more than {GREATEST_OFFSET} integrations; list them by pages.")
    inside = select(col(Integration.id)).where(*mine)
    tags = await _grouped(work, _links(IntegrationTag, IntegrationTag.tag_id, inside))
    shares = await _grouped(work, _holders(inside))
    return [
        GalleryEntry(
            facts=row,
            owner=name_of(row.owner_id, row.owner_username) if row.owner_id else None,
            tag_ids=[tag_id for (tag_id,) in tags[row.id]],
            shares=[(name_of(holder_id, username), level) for holder_id, username, level in shares[row.id]],
        )
        for row in rows
    ]


def _holders(inside: Select[Any]) -> Select[Any]:
    shared = _links(Share, Share.principal_id, inside).join(Principal, col(Principal.id) == col(Share.principal_id))
    return shared.add_columns(col(Principal.username), col(Share.access_level))


def _links(table: Any, target: Any, inside: Select[Any]) -> Select[Any]:
    return select(table.integration_id, target).where(table.integration_id.in_(inside)).order_by(target)


async def _grouped(work: Work, statement: Select[Any]) -> dict[str, list[Any]]:
    """The rows of a statement by their first column, without it."""
    found: dict[str, list[Any]] = defaultdict(list)
    for key, *rest in await work.session.execute(statement):
        found[key].append(tuple(rest))
    return found
