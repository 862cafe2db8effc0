"""The OAuth client of a connection: that of the integration for which it was made."""

from __future__ import annotations

from sqlalchemy import select
from sqlmodel import col

from models.origins import Origins
from models.tables import Connection, Integration, Registration
from proxy.oauth import TokenEndpoint
from resolvers.fitness import changed
from resolvers.work import Work


async def issuing_integration(work: Work, connection: Connection) -> Integration | None:
    """The integration that got the tokens: the first of the connection's integrations that has an OAuth client.

    It may belong to another organization and be installed here.
    """
    return await work.first(
        select(Integration)
        .join(Registration, col(Registration.integration_id) == col(Integration.id))
        .where(
            col(Registration.connection_id) == connection.id,
            col(Integration.token_url).is_not(None),
            col(Integration.client_id).is_not(None),
        )
        .order_by(col(Registration.id))
    )


def token_endpoint(work: Work, integration: Integration, url: str | None = None) -> TokenEndpoint | None:
    """The token endpoint, or the endpoint at `url` with the same client; None without an address or a client.

    Raises NotReady if its address is none that the client secret was entered for.
    """
    address = url or integration.token_url
    if address is None or integration.client_id is None:
        return None
    if not client_fits(integration, address):
        raise changed(address)
    return TokenEndpoint(
        url=address,
        client_id=integration.client_id,
        client_secret=work.unseal(integration, "client_secret"),
        auth=integration.token_endpoint_auth,
        parameters=integration.token_parameters,
        token_path=integration.token_path,
    )


def client_fits(integration: Integration, url: str) -> bool:
    """Whether the integration's client secret may go to this address; true for a public client."""
    if integration.client_secret is None:
        return True
    return Origins.read(integration.client_secret_origins).allows_token(url)
