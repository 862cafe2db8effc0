"""Handler, slug and UUID of an integration, each unique in its organization, and its text for searches."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select
from sqlmodel import col

from models.errors import Conflict
from models.row import folded
from models.tables import Integration
from resolvers.naming import free, handler_from, slug_from
from resolvers.work import Work


async def handler_for(work: Work, handler: str | None, name: str) -> str:
    """The given handler, or a free one made from the name. Raises Conflict if it is taken."""
    if handler is None:
        return await free(work, col(Integration.handler), handler_from(name), "_", *_living(work))
    await _refuse_taken(work, col(Integration.handler) == handler, "handler", handler)
    return handler


async def slug_for(work: Work, slug: str | None, name: str, *, own_id: str | None = None) -> str:
    """The given slug, or a free one made from the name. Raises Conflict if an integration except `own_id` has it."""
    if slug is None:
        return await free(work, col(Integration.slug), slug_from(name), "-", *_living(work))
    await _refuse_taken(work, col(Integration.slug) == slug, "slug", slug, own_id)
    return slug


async def uuid_for(work: Work, uuid: str | None) -> str | None:
    """The given UUID in lower case. Raises Conflict if it is taken."""
    if uuid is None:
        return None
    await _refuse_taken(work, col(Integration.uuid) == uuid.lower(), "uuid", uuid)
    return uuid.lower()


def search_text_of(integration: Integration) -> str:
    """Name, description and vendor, case-folded."""
    return folded(integration.name, integration.description, integration.vendor)


def _living(work: Work) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (
        col(Integration.organization_id) == work.organization_id,
        col(Integration.removed_at).is_(None),
    )


async def _refuse_taken(
    work: Work, same: ColumnElement[bool], field: str, value: str, own_id: str | None = None
) -> None:
    existing = await work.first(select(Integration).where(*_living(work), same))
    if existing is not None and existing.id != own_id:
        shown = await work.find(Integration, existing.id)
        raise Conflict(f"The {field} {value} is taken; choose another one.", existing=shown, path=(field,))
