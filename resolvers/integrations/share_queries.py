"""Who has an integration: its shares and its owner, for those who may read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlmodel import col

from models.errors import NotFound
from models.tables import Integration, Principal, Share
from models.vocabulary import Permission
from resolvers.find import IntegrationRef, PrincipalRef, get_integration, get_principal
from resolvers.integrations.sharing import Owned, Shared
from resolvers.operation import operation
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class IntegrationShares:
    """All shares of an integration, by the name of whom they are for."""

    integration: Integration
    shares: Sequence[Shared]


@operation(needs=Permission.INTEGRATIONS_READ, reads=True, refuses=(NotFound,))
async def list_integration_shares(work: Work, ref: IntegrationRef) -> IntegrationShares:
    """Every share of an integration; there are at most as many as one may have."""
    integration = await get_integration(work, ref)
    ordered = _shares(integration).order_by(col(Principal.name_key), col(Principal.id))
    found = (await work.session.execute(ordered)).all()
    shares = [Shared(integration=integration, share=share, principal=principal) for share, principal in found]
    return IntegrationShares(integration=integration, shares=shares)


@operation(needs=Permission.INTEGRATIONS_READ, reads=True, refuses=(NotFound,))
async def read_integration_share(work: Work, ref: IntegrationRef, principal: PrincipalRef) -> Shared:
    """The share of one user or team."""
    integration, holder = await get_integration(work, ref), await get_principal(work, principal)
    found = await work.session.execute(_shares(integration).where(col(Principal.id) == holder.id))
    row = found.one_or_none()
    if row is None:
        raise NotFound("share")
    return Shared(integration=integration, share=row[0], principal=row[1])


@operation(needs=Permission.INTEGRATIONS_READ, reads=True, refuses=(NotFound,))
async def read_integration_owner(work: Work, ref: IntegrationRef) -> Owned:
    """The user or team that owns an integration; what an app has made has no owner."""
    integration = await get_integration(work, ref)
    owner = await work.find(Principal, integration.owner_id or "")
    if owner is None:
        raise NotFound("owner")
    return Owned(integration=integration, owner=owner)


def _shares(integration: Integration) -> Select[Share, Principal]:
    return (
        select(Share, Principal)
        .join(Principal, col(Principal.id) == col(Share.principal_id))
        .where(col(Share.integration_id) == integration.id, col(Share.organization_id) == integration.organization_id)
    )
