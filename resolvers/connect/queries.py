"""The content of a connect page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.tables import ConnectSession, Integration, Organization, Principal
from resolvers.connect.forms import FormField, fields_of
from resolvers.connect.opening import Opening, Standing, opened, standing
from resolvers.connect.session import asks_for_consent, connection_of, definition_of, offered, way_back
from resolvers.operation import operation
from resolvers.uploads.links import asset_path
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One integration on offer. `consents`: connected on the vendor's page. `icon`: path below the hub's address."""

    integration: Integration
    consents: bool
    fields: Sequence[FormField]
    icon: str | None


@dataclass(frozen=True, kw_only=True)
class ConnectPage:
    """The content of a link's page in a browser. `principal` None: for a shared connection.

    `choices`: the integrations on offer while OPEN; the connected or failed one afterwards.
    """

    standing: Standing
    session: ConnectSession
    organization: Organization
    principal: Principal | None = None
    choices: Sequence[Choice] = ()
    account: str | None = None
    way_back: str | None = None


@operation(reads=True)
async def read_connect_page(work: Work, opening: Opening) -> ConnectPage:
    """The page of a connect link. Reading it changes nothing, so that prefetching a link does no harm."""
    session = await opened(work, opening)
    stands = await standing(work, session, opening.browser)
    organization = await work.get(Organization, session.organization_id)
    if stands is Standing.OPEN:
        return ConnectPage(
            standing=stands,
            session=session,
            organization=organization,
            principal=await work.find(Principal, session.principal_id or ""),
            choices=[await _choice(work, one) for one in await offered(work, session.integration_ids)],
            account=await _account(work, session),
        )
    ended = stands in (Standing.CONNECTED, Standing.FAILED)
    chosen = await offered(work, [session.integration_id or ""]) if ended else []
    return ConnectPage(
        standing=stands,
        session=session,
        organization=organization,
        choices=[await _choice(work, one) for one in chosen],
        way_back=await way_back(work, session) if ended else None,
    )


async def _choice(work: Work, integration: Integration) -> Choice:
    definition = await definition_of(work, integration)
    asset = integration.icon_asset_id
    return Choice(
        integration=integration,
        consents=asks_for_consent(integration),
        fields=fields_of(integration, definition),
        icon=asset_path(work.hub.keyring, integration.organization_id, asset) if asset else None,
    )


async def _account(work: Work, session: ConnectSession) -> str | None:
    """The account of the connection to renew; None if there is no such connection or its account is unknown."""
    connection = await connection_of(work, session.renews_id)
    account = connection.account if connection else {}
    return account.get("email") or account.get("displayName") or account.get("accountId")
