"""Who has an integration: shares with users and teams, and its owner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Select, func, select
from sqlmodel import col

from models.errors import Forbidden, InvalidInput, NotFound
from models.tables import Integration, Principal, Share
from models.vocabulary import Permission, ShareLevel
from resolvers.faults import require
from resolvers.find import IntegrationRef, PrincipalRef, get_integration, get_principal, managed_integration
from resolvers.integrations.levels import least_access, level
from resolvers.operation import operation
from resolvers.work import Work

#: An integration's shares are shown whole.
MOST_SHARES: Final = 500
_HIGHEST: Final = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class ShareIntegration:
    """Access for a user or team. `access_level` is the number that is kept, where a face has one of its own."""

    integration_id: str | IntegrationRef
    principal_id: str | PrincipalRef
    level: ShareLevel = ShareLevel.VIEW
    access_level: int | None = None


@dataclass(frozen=True, kw_only=True)
class UnshareIntegration:
    """A share to take away."""

    integration_id: str | IntegrationRef
    principal_id: str | PrincipalRef


@dataclass(frozen=True, kw_only=True)
class TransferIntegration:
    """A new owner: a user or a team."""

    integration_id: str | IntegrationRef
    principal_id: str | PrincipalRef


@dataclass(frozen=True, kw_only=True)
class Shared:
    """A share as it is now, of what and with whom."""

    integration: Integration
    share: Share
    principal: Principal


@dataclass(frozen=True, kw_only=True)
class Owned:
    """Whose an integration is."""

    integration: Integration
    owner: Principal


@dataclass(frozen=True, kw_only=True)
class IntegrationShares:
    """All shares of an integration, by the name of whom they are for."""

    integration: Integration
    shares: Sequence[Shared]


@operation(needs=Permission.INTEGRATIONS_SHARE, refuses=(NotFound, InvalidInput, Forbidden))
async def share_integration(work: Work, new: ShareIntegration) -> Shared:
    """Give a user or a team access to an integration, or change it; doing it twice changes nothing."""
    known = new.access_level is None or 1 <= new.access_level <= _HIGHEST
    require(known, ("access_level",), "It is 1 to see, 2 or more to change.")
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
    """Take a user's or a team's share away."""
    integration, principal = await _both(work, gone.integration_id, gone.principal_id)
    share = await _share(work, integration, principal)
    if share is None:
        raise NotFound("share", path=("principal_id",))
    work.audit(share, "share.deleted")
    await work.remove(share)
    return integration


@operation(needs=Permission.INTEGRATIONS_SHARE, refuses=(NotFound, Forbidden))
async def transfer_integration(work: Work, new: TransferIntegration) -> Owned:
    """Give an integration to another owner; who owned it keeps what a share gives. It is at its next version."""
    integration, principal = await _both(work, new.integration_id, new.principal_id)
    if integration.owner_id != principal.id:
        integration.owner_id = principal.id
        integration.version += 1
        integration.updated_by = work.caller.principal_id
        work.audit(integration, "integration.transferred")
    return Owned(integration=integration, owner=principal)


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


async def _both(
    work: Work, integration_id: str | IntegrationRef, principal_id: str | PrincipalRef
) -> tuple[Integration, Principal]:
    integration = await managed_integration(work, integration_id, path=("integration_id",))
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
    """A number of the wanted level stays as it is: a face gave it that meaning."""
    return share.access_level if level(share) is wanted else least_access(wanted)


def _shares(integration: Integration) -> Select[Share, Principal]:
    return (
        select(Share, Principal)
        .join(Principal, col(Principal.id) == col(Share.principal_id))
        .where(col(Share.integration_id) == integration.id, col(Share.organization_id) == integration.organization_id)
    )
