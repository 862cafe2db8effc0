"""Access to an integration: shares with users and teams, and its owner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Select, func, select
from sqlmodel import col

from models.errors import Forbidden, InvalidInput, NotFound
from models.tables import Integration, Principal, Share
from models.vocabulary import Permission, ShareLevel
from resolvers.announcing import announce_update
from resolvers.faults import require
from resolvers.find import IntegrationRef, PrincipalRef, get_integration, get_principal, governed_integration
from resolvers.integrations.levels import least_access, level
from resolvers.operation import operation
from resolvers.work import Work

#: Limit of shares of one integration: they are listed without pages.
MOST_SHARES: Final = 500
_HIGHEST: Final = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class ShareIntegration:
    """Access for a user or team. `access_level`: the number to store, for a face that has its own numbers."""

    integration_id: str | IntegrationRef
    principal_id: str | PrincipalRef
    level: ShareLevel = ShareLevel.VIEW
    access_level: int | None = None


@dataclass(frozen=True, kw_only=True)
class UnshareIntegration:
    """A share to remove."""

    integration_id: str | IntegrationRef
    principal_id: str | PrincipalRef


@dataclass(frozen=True, kw_only=True)
class TransferIntegration:
    """A new owner: a user or a team."""

    integration_id: str | IntegrationRef
    principal_id: str | PrincipalRef


@dataclass(frozen=True, kw_only=True)
class Shared:
    """A share with its integration and its principal."""

    integration: Integration
    share: Share
    principal: Principal


@dataclass(frozen=True, kw_only=True)
class Owned:
    """An integration and its owner."""

    integration: Integration
    owner: Principal


@dataclass(frozen=True, kw_only=True)
class IntegrationShares:
    """All shares of an integration, by the names of their principals."""

    integration: Integration
    shares: Sequence[Shared]


@operation(needs=Permission.INTEGRATIONS_SHARE, refuses=(NotFound, InvalidInput, Forbidden))
async def share_integration(work: Work, new: ShareIntegration) -> Shared:
    """Give a user or a team access to an integration, or change it. The same share twice changes nothing."""
    known = new.access_level is None or 1 <= new.access_level <= _HIGHEST
    require(known, ("access_level",), "It must be 1 to see, or 2 and more to change.")
    integration, principal = await _both(work, new.integration_id, new.principal_id)
    share = await _share(work, integration, principal)
    if share is None:
        await _require_room(work, integration)
        share = Share(
            organization_id=work.organization_id,
            integration_id=integration.id,
            principal_id=principal.id,
            access_level=new.access_level or least_access(new.level),
        )
        work.add(share)
        work.audit(share, "share.created")
    else:
        share.access_level = new.access_level or _kept(share, new.level)
        if work.session.is_modified(share):
            work.audit(share, "share.updated")
    await work.flush()
    return Shared(integration=integration, share=share, principal=principal)


@operation(needs=Permission.INTEGRATIONS_SHARE, refuses=(NotFound, Forbidden))
async def unshare_integration(work: Work, gone: UnshareIntegration) -> Integration:
    """Remove a user's or a team's share."""
    integration, principal = await _both(work, gone.integration_id, gone.principal_id)
    share = await _share(work, integration, principal)
    if share is None:
        raise NotFound("share", path=("principal_id",))
    work.audit(share, "share.deleted")
    await work.remove(share)
    return integration


@operation(needs=Permission.INTEGRATIONS_SHARE, refuses=(NotFound, Forbidden))
async def transfer_integration(work: Work, new: TransferIntegration) -> Owned:
    """Give an integration to another owner. Its version grows by one. The old owner keeps only a share, if any."""
    integration, principal = await _both(work, new.integration_id, new.principal_id)
    if integration.owner_id != principal.id:
        integration.owner_id = principal.id
        integration.version += 1
        integration.updated_by = work.caller.principal_id
        work.audit(integration, "integration.transferred")
        announce_update(work, integration)
    return Owned(integration=integration, owner=principal)


@operation(needs=Permission.INTEGRATIONS_READ, reads=True, refuses=(NotFound,))
async def list_integration_shares(work: Work, ref: IntegrationRef) -> IntegrationShares:
    """List every share of an integration, at most `MOST_SHARES`."""
    integration = await get_integration(work, ref)
    ordered = _shares(integration).order_by(col(Principal.name_key), col(Principal.id))
    found = (await work.session.execute(ordered)).all()
    shares = [Shared(integration=integration, share=share, principal=principal) for share, principal in found]
    return IntegrationShares(integration=integration, shares=shares)


@operation(needs=Permission.INTEGRATIONS_READ, reads=True, refuses=(NotFound,))
async def read_integration_share(work: Work, ref: IntegrationRef, principal: PrincipalRef) -> Shared:
    """Read the share of one user or team."""
    integration, holder = await get_integration(work, ref), await get_principal(work, principal)
    found = await work.session.execute(_shares(integration).where(col(Principal.id) == holder.id))
    row = found.one_or_none()
    if row is None:
        raise NotFound("share")
    return Shared(integration=integration, share=row[0], principal=row[1])


@operation(needs=Permission.INTEGRATIONS_READ, reads=True, refuses=(NotFound,))
async def read_integration_owner(work: Work, ref: IntegrationRef) -> Owned:
    """Read the owner of an integration. Raises NotFound for one without an owner, such as one that an app created."""
    integration = await get_integration(work, ref)
    owner = await work.find(Principal, integration.owner_id or "")
    if owner is None:
        raise NotFound("owner")
    return Owned(integration=integration, owner=owner)


async def _both(
    work: Work, integration_id: str | IntegrationRef, principal_id: str | PrincipalRef
) -> tuple[Integration, Principal]:
    integration = await governed_integration(work, integration_id, path=("integration_id",))
    principal = await get_principal(work, principal_id, path=("principal_id",))
    return integration, principal


async def _share(work: Work, integration: Integration, principal: Principal) -> Share | None:
    return await work.first(
        select(Share).where(col(Share.integration_id) == integration.id, col(Share.principal_id) == principal.id)
    )


async def _require_room(work: Work, integration: Integration) -> None:
    counted = select(func.count()).where(col(Share.integration_id) == integration.id)
    room = (await work.session.execute(counted)).scalar_one() < MOST_SHARES
    require(room, ("principal_id",), f"An integration has at most {MOST_SHARES} shares; share it with a team.")


def _kept(share: Share, wanted: ShareLevel) -> int:
    """The number to store: a number of the wanted level stays, because a face chose it."""
    return share.access_level if level(share) is wanted else least_access(wanted)


def _shares(integration: Integration) -> Select[Share, Principal]:
    return (
        select(Share, Principal)
        .join(Principal, col(Principal.id) == col(Share.principal_id))
        .where(col(Share.integration_id) == integration.id, col(Share.organization_id) == integration.organization_id)
    )
