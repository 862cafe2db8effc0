"""Keep a credential: create or renew a connection from a secret or from tokens, and register it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from models.origins import Origins
from models.tables import Connection, Integration, Registration
from models.vocabulary import ConnectionMode
from proxy.oauth import TokenAnswer
from resolvers.credentials.binding import entered_at
from resolvers.credentials.register import save_connection
from resolvers.credentials.store import new_connection, store
from resolvers.credentials.tokens import store_tokens
from resolvers.secret import Secret, auth_type_at
from resolvers.work import Work


async def keep_secret(
    work: Work,
    integration: Integration,
    secret: Secret,
    *,
    principal_id: str | None,
    renewed: Connection | None,
    by: Work | None = None,
) -> Connection:
    """Create or renew a connection from a secret that has been checked. `by` as in `save_connection`."""
    default = renewed is None and await _is_first_shared(work, integration, principal_id)
    connection = renewed or new_connection(work, integration.name, principal_id=principal_id)
    origins = await entered_at(by or work, integration, auth_type_at(integration.auth_type, secret), renewed)
    at, new = integration.auth_type, renewed is None
    news = store(work, connection, secret, origins=origins, at=at, integration_id=integration.id)
    return await save_connection(work, integration, connection, new=new, default=default, by=by, news=news)


async def keep_tokens(
    work: Work,
    integration: Integration,
    answer: TokenAnswer,
    *,
    asked: Sequence[str],
    account: dict[str, str],
    origins: Origins,
    principal_id: str | None,
    renewed: Connection | None,
    by: Work | None = None,
) -> Connection:
    """Create or renew a connection from tokens. The account is overwritten: a consent may be another account's.

    `origins`: those that stood when the user was sent to the vendor, or when the grant was given.
    """
    default = renewed is None and await _is_first_shared(work, integration, principal_id)
    connection = renewed or new_connection(work, integration.name, principal_id=principal_id)
    store_tokens(
        work, connection, answer, asked=asked, account=account, origins=origins, integration_id=integration.id
    )
    return await save_connection(work, integration, connection, new=renewed is None, default=default, by=by)


async def _is_first_shared(work: Work, integration: Integration, principal_id: str | None) -> bool:
    """Whether a new connection becomes the default: the first shared one does, a user's own never does."""
    if principal_id is not None:
        return False
    others = (
        select(Registration)
        .join(Connection, col(Connection.id) == col(Registration.connection_id))
        .where(
            col(Registration.integration_id) == integration.id,
            col(Registration.organization_id) == work.organization_id,
            col(Connection.mode) == ConnectionMode.SHARED,
        )
    )
    return await work.first(others) is None
