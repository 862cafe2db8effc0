"""Integrations by any of their names, and the right to change them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, select
from sqlmodel import col

from models.errors import Forbidden, NotFound, Path
from models.tables import Installation, Integration
from models.vocabulary import IntegrationAccess
from resolvers.lookup import called
from resolvers.scope import MANAGE, accessible, visible
from resolvers.unset import Unset
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class IntegrationRef:
    """One integration by exactly one of its names."""

    id: str | None = None
    handler: str | None = None
    slug: str | None = None
    uuid: str | None = None


async def find_integration(work: Work, ref: IntegrationRef) -> Integration | None:
    """The integration that the caller's organization calls so, or None."""
    if ref.id is not None:
        return await work.find(Integration, ref.id)
    statement = (
        select(Integration)
        .outerjoin(
            Installation,
            and_(
                col(Installation.integration_id) == col(Integration.id),
                col(Installation.organization_id) == work.organization_id,
            ),
        )
        .where(*visible(work.caller, Integration), *_names(work, ref))
    )
    return await work.first(statement)


async def get_integration(work: Work, ref: IntegrationRef, *, path: Path | None = None) -> Integration:
    """The same; raises NotFound."""
    integration = await find_integration(work, ref)
    if integration is None:
        raise NotFound("integration", path=path)
    return integration


async def managed_integration(
    work: Work, ref: str, *, expected_version: int | Unset | None = None, path: Path | None = None
) -> Integration:
    """An integration of the caller's organization, held for a change.

    Raises NotFound, Stale, and Forbidden where it is restricted and the caller neither owns nor manages it.
    """
    integration = await work.lock(Integration, ref, expected_version=expected_version, path=path)
    if integration.access is IntegrationAccess.RESTRICTED:
        allowed = select(Integration).where(
            col(Integration.id) == integration.id, accessible(work.caller, least=MANAGE)
        )
        if await work.first(allowed) is None:
            raise Forbidden("Only its owner, those with a MANAGE share and administrators may change it.", path=path)
    return integration


def _names(work: Work, ref: IntegrationRef) -> list[ColumnElement[bool]]:
    if ref.handler is not None:
        return [called(work.caller, ref.handler)]
    own = col(Integration.organization_id) == work.organization_id
    if ref.slug is not None:
        return [own, col(Integration.slug) == ref.slug]
    return [own, col(Integration.uuid) == (ref.uuid or "").lower()]
