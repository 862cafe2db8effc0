"""The vendor's consent page: its address, its scopes, and the state that matches the answer to the session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import select
from sqlmodel import col

from models.errors import InvalidInput, Path
from models.origins import Origins
from models.tables import Connection, ConnectSession, Integration
from models.vocabulary import ConnectSessionStatus
from proxy.oauth import TokenEndpoint, challenge_of, consent_url, new_verifier
from resolvers.connect.links import digest_of, new_secret
from resolvers.connect.rights import as_maker
from resolvers.connect.session import asks_for_consent, connection_of, definition_of
from resolvers.connect.vendor import vendor_of
from resolvers.credentials.binding import consented_at, entered_at
from resolvers.oauth import client
from resolvers.work import Work

#: The path of the callback for the hub's own pages, below the hub's own address.
CALLBACK: Final = "/oauth2/callback"
#: How long a user may take on the consent page.
STATE_LASTS_MS: Final = 15 * 60 * 1000


@dataclass(frozen=True, kw_only=True)
class Begun:
    """Facts of the moment at which the user was sent to the vendor, sealed in the session.

    The code goes only to the token endpoint of that moment, and its tokens only to the addresses of that moment.
    `verifier`: empty without PKCE.
    """

    verifier: str = field(repr=False)
    origins: Origins


async def send_to_vendor(
    work: Work, session: ConnectSession, integration: Integration, *, callback: str, path: Path
) -> str:
    """The address of the consent page, with a state that works once. An earlier state of the session ends.

    Raises InvalidInput at `path` for an integration that is not set up for OAuth; NotReady if its token address is
    none that the client secret was entered for.
    """
    authorization_url, client_id = consent_of(work, integration, path)
    vendor = vendor_of(integration, await definition_of(work, integration))
    state, verifier = new_secret(), new_verifier() if integration.pkce else ""
    session.status = ConnectSessionStatus.REDIRECTED
    session.integration_id = integration.id
    session.state_digest = digest_of(state)
    session.state_expires_at = work.now() + STATE_LASTS_MS
    session.expires_at = max(session.expires_at, session.state_expires_at)
    session.redirect_uri = work.hub.own_url + callback
    renewed = await connection_of(work, session.renews_id)
    origins = await consented_at(await as_maker(work, session), integration, renewed)
    session.verifier = work.seal(session, "verifier", [verifier, origins.text()])
    return consent_url(
        authorization_url=authorization_url,
        client_id=client_id,
        redirect_uri=session.redirect_uri,
        scopes=wanted_scopes(session, integration),
        state=state,
        challenge=challenge_of(verifier) if verifier else None,
        response_mode=integration.response_mode.lower() if integration.response_mode else None,
        separator=vendor.separator,
        extra=vendor.parameters,
    )


async def bound_at(work: Work, integration: Integration, connection: Connection | None) -> Origins:
    """The origins of a credential that a connect page would bring here, by consent or by its form."""
    if asks_for_consent(integration):
        return await consented_at(work, integration, connection)
    return await entered_at(work, integration, integration.auth_type, connection)


def begun(work: Work, session: ConnectSession) -> Begun:
    """The facts of a waiting session. One of an older version of the hub has no origins, so its code is not sent."""
    stored = work.unseal(session, "verifier")
    verifier, origins = stored if isinstance(stored, list) else (stored or "", None)
    return Begun(verifier=verifier, origins=Origins.read(origins))


def consent_of(work: Work, integration: Integration, path: Path) -> tuple[str, str]:
    """The authorization address and the client id. Raises InvalidInput if the integration is not set up for OAuth."""
    if integration.authorization_url is None or integration.client_id is None:
        raise InvalidInput.at(path, "The integration lacks its client id or its authorization address; set them.")
    token_endpoint(work, integration, path)
    return integration.authorization_url, integration.client_id


def wanted_scopes(session: ConnectSession, integration: Integration) -> Sequence[str]:
    """The scopes of the integration and of the session, without repetition."""
    return tuple(dict.fromkeys([*integration.scopes, *session.additional_scopes]))


async def awaited(work: Work, state: str, *, lock: bool) -> ConnectSession | None:
    """The session that waits for this state; locked, only one of two answers finds it."""
    waiting = select(ConnectSession).where(
        col(ConnectSession.organization_id) == work.organization_id,
        col(ConnectSession.state_digest) == digest_of(state),
        col(ConnectSession.status) == ConnectSessionStatus.REDIRECTED,
    )
    return await work.first(waiting.with_for_update() if lock else waiting)


def token_endpoint(work: Work, integration: Integration, path: Path) -> TokenEndpoint:
    """The integration's token endpoint. Raises InvalidInput if the integration is not set up for OAuth; NotReady."""
    if not asks_for_consent(integration):
        raise InvalidInput.at(path, f"The integration authorises with {integration.auth_type}, not OAUTH2.")
    endpoint = client.token_endpoint(work, integration)
    if endpoint is None:
        raise InvalidInput.at(path, "The integration lacks its client id or its token address; set them.")
    return endpoint
