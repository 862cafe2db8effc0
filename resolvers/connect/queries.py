"""The content of connect pages: of a link, and of a vendor's answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.errors import InvalidInput
from models.origins import Origins
from models.tables import Connection, ConnectSession, Integration, Organization, Principal
from resolvers.connect.answer import FinishAuthorization, confirmation_of, refusal_of
from resolvers.connect.callers import unknown_state
from resolvers.connect.consent import begun, bound_at
from resolvers.connect.forms import FormField, fields_of
from resolvers.connect.opening import Opening, Standing, opened, standing
from resolvers.connect.redeem import expected, is_browser_of
from resolvers.connect.rights import as_maker, offered
from resolvers.connect.session import (
    as_shown,
    asks_for_consent,
    connection_of,
    definition_of,
    way_back,
)
from resolvers.connect.vendor import vendor_of
from resolvers.operation import operation
from resolvers.uploads.links import asset_path
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One integration on offer. `consents`: connected on the vendor's page. `icon`: path below the hub's address.

    `hosts`: all to which the credential will be sent, sorted; none once the session has ended.
    """

    integration: Integration
    consents: bool
    fields: Sequence[FormField]
    icon: str | None
    hosts: Sequence[str] = ()


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


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """A vendor's answer that has not been used yet, and the connection that it would become.

    `principal` None: for a shared connection. `refusal`: the vendor's, or why the answer will not be used.
    `confirmation`: needed to use the answer in this browser; None in the browser that began the sign-in.
    """

    session: ConnectSession
    choice: Choice
    organization: Organization
    principal: Principal | None
    refusal: str | None
    confirmation: str | None


@operation(reads=True, refuses=(InvalidInput,))
async def read_sign_in(work: Work, answer: FinishAuthorization) -> SignIn:
    """The connection that a vendor's answer would become. Reading it uses nothing up. Raises InvalidInput."""
    session = await expected(work, answer)
    found = await offered(work, session, [session.integration_id or ""])
    if not found:
        raise unknown_state()
    vendor = vendor_of(found[0], await definition_of(work, found[0]))
    began_here = is_browser_of(session, answer.browser)
    return SignIn(
        session=session,
        choice=await _choice(work, found[0], begun(work, session).origins),
        organization=await work.get(Organization, session.organization_id),
        principal=await work.find(Principal, session.principal_id or ""),
        refusal=as_shown(refusal) if (refusal := refusal_of(answer, vendor)) else None,
        confirmation=None if began_here else confirmation_of(work.hub.keyring, answer),
    )


@operation(reads=True)
async def read_connect_page(work: Work, opening: Opening) -> ConnectPage:
    """The page of a connect link. Reading it changes nothing, so that prefetching a link does no harm."""
    session = await opened(work, opening)
    stands = await standing(work, session, opening.browser)
    organization = await work.get(Organization, session.organization_id)
    if stands is Standing.OPEN:
        renewed = await connection_of(work, session.renews_id)
        choices = await offered(work, session, session.integration_ids)
        maker = await as_maker(work, session)
        return ConnectPage(
            standing=stands,
            session=session,
            organization=organization,
            principal=await work.find(Principal, session.principal_id or ""),
            choices=[await _choice(work, one, await bound_at(maker, one, renewed)) for one in choices],
            account=_account(renewed),
        )
    ended = stands in (Standing.CONNECTED, Standing.FAILED)
    chosen = await offered(work, session, [session.integration_id or ""]) if ended else []
    return ConnectPage(
        standing=stands,
        session=session,
        organization=organization,
        choices=[await _choice(work, one) for one in chosen],
        way_back=await way_back(work, session) if ended else None,
    )


async def _choice(work: Work, integration: Integration, origins: Origins | None = None) -> Choice:
    definition = await definition_of(work, integration)
    asset = integration.icon_asset_id
    return Choice(
        integration=integration,
        consents=asks_for_consent(integration),
        fields=fields_of(integration, definition),
        icon=asset_path(work.hub.keyring, integration.organization_id, asset) if asset else None,
        hosts=origins.hosts() if origins else (),
    )


def _account(connection: Connection | None) -> str | None:
    """The account of the connection to renew; None if there is no such connection or its account is unknown."""
    account = connection.account if connection else {}
    return account.get("email") or account.get("displayName") or account.get("accountId")
