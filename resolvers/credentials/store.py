"""The only way to make a connection, and the only way to store its secret."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from sqlmodel import SQLModel

from models.errors import SecretUnreadable
from models.origins import Origins
from models.row import name_key
from models.tables import Connection
from models.vocabulary import AuthType, ConnectionMode, ConnectionStatus, HubEvent
from resolvers.auth_kinds import PLACES
from resolvers.secret import Secret, auth_type_at
from resolvers.work import Work

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


def new_connection(work: Work, name: str, *, principal_id: str | None = None) -> Connection:
    """A connection of the caller's organization without a secret: a principal's own, else shared. See `store`."""
    return work.add(
        Connection(
            organization_id=work.organization_id,
            name=name,
            name_key=name_key(name),
            mode=ConnectionMode.PER_USER if principal_id else ConnectionMode.SHARED,
            principal_id=principal_id,
            created_by=work.caller.principal_id,
            created_by_token=work.caller.token_id,
            auth_type=AuthType.NONE,
            status=ConnectionStatus.PENDING,
            secret=b"",
            secret_version=0,
        )
    )


def store(
    work: Work,
    connection: Connection,
    secret: Secret,
    *,
    origins: Origins,
    at: AuthType | None = None,
    account: Mapping[str, Any] = _NOTHING,
    hints: Mapping[str, Any] = _NOTHING,
    integration_id: str | None = None,
) -> bool:
    """Put a secret into a connection, which is CONNECTED from then on, and announce that. Answers whether it is news.

    The secret that a working connection has already, entered again for the same origins, changes nothing.

    `origins` are those that it is entered for, or keeps: it is sent nowhere else (`credentials/binding.py`).
    `at` is the auth type of the integration; see `auth_type_at`. `account` is the secret's; unknown unless given.
    `hints` are shown beside the parts of the secret.
    """
    if is_stored(work, connection, secret, origins=origins, at=at, hints=hints):
        return False
    connection.auth_type = auth_type_at(at, secret)
    connection.secret_origins = origins.text()
    connection.secret = work.seal(connection, "secret", secret.stored())
    connection.details = {**secret.details(), **hints}
    connection.masks = secret.masks()
    connection.account = dict(account)
    tokens = secret.oauth2
    connection.expires_at = tokens.expires_at if tokens else None
    connection.granted_scopes = list(tokens.scopes or ()) if tokens else []
    _connect(work, connection, integration_id)
    return True


def is_stored(
    work: Work,
    connection: Connection,
    secret: Secret,
    *,
    origins: Origins,
    at: AuthType | None = None,
    hints: Mapping[str, Any] = _NOTHING,
) -> bool:
    """Whether a working connection has this very secret, for the same origins. Tokens count as new."""
    return (
        secret.oauth2 is None
        and works(connection)
        and connection.auth_type is auth_type_at(at, secret)
        and connection.secret_origins == origins.text()
        and connection.details == {**secret.details(), **hints}
        and connection.masks == secret.masks()
        and has_sealed(work, connection, "secret", secret.stored())
    )


def works(connection: Connection) -> bool:
    """Whether a connection has a secret of which nothing bad is known."""
    return connection.status is ConnectionStatus.CONNECTED and connection.last_error is None


def has_sealed(work: Work, row: SQLModel, column: str, value: Any) -> bool:
    """Whether a sealed column has this value. Not if it does not open: storing the value anew mends that."""
    try:
        return bool(work.unseal(row, column) == value)
    except SecretUnreadable:
        return False


def hints_of(connection: Connection) -> dict[str, Any]:
    """The details of a connection that are not parts of a secret."""
    return {key: value for key, value in connection.details.items() if key not in PLACES}


def _connect(work: Work, connection: Connection, integration_id: str | None) -> None:
    """CONNECTED with the next version of the secret: every lease on an earlier version ends."""
    before, first = connection.status, not connection.secret_version
    connection.secret_version = (connection.secret_version or 0) + 1
    connection.status = ConnectionStatus.CONNECTED
    connection.last_error = connection.last_error_at = None
    connection.lease_owner = connection.lease_until = None
    connection.issued_at, connection.refresh_refusals = None, 0
    connection.futile_renewal_at, connection.token_refusals = None, 0
    connection.answered_scopes = None
    payload: dict[str, Any] = {"connectionId": connection.id}
    if first or before is ConnectionStatus.PENDING:
        work.announce(HubEvent.CONNECTION_CONNECTED, connection.id, payload, integration_id=integration_id)
    elif before is not ConnectionStatus.CONNECTED:
        payload["previous"] = {"status": before}
        work.announce(HubEvent.CONNECTION_RECOVERED, connection.id, payload, integration_id=integration_id)
