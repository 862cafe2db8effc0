"""The secret part of a connection: what was given, how it is stored, and what of it may be shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from sqlalchemy import select
from sqlmodel import col

from models.errors import Path
from models.row import name_key
from models.tables import Connection, Integration, Registration
from models.vocabulary import AuthType, ConnectionMode, ConnectionStatus, HubEvent
from proxy.auth import ApiKey, Basic, Bearer, Credential, NoCredential, check_credential
from resolvers.credentials.held import RENEWED
from resolvers.credentials.verifying import unverify_users_of
from resolvers.faults import Faults
from resolvers.managing import require_sharing
from resolvers.unset import Unset
from resolvers.work import Work

_HINT_LETTERS: Final = 4
_SHOWN_FROM: Final = 12
_MOST_SCOPES: Final = 100
_LONGEST: Final = 64 * 1024
#: Where each part of a secret stands in an input.
_PLACES: Final[Mapping[str, Path]] = {
    "apiKey": ("secret", "apiKey"),
    "username": ("secret", "basic", "username"),
    "password": ("secret", "basic", "password"),
    "token": ("secret", "bearerToken"),
    "accessToken": ("secret", "oauth2", "accessToken"),
    "refreshToken": ("secret", "oauth2", "refreshToken"),
}
_FIELDS: Final[Path] = ("secret", "fields")
#: What the proxy calls a part that is stored under another name.
_SENT_AS: Final = {"apiKey": "key", "accessToken": "token"}
APP_TOKEN_PLACE: Final[Mapping[str, Path]] = {"token": ("appToken",)}


@dataclass(frozen=True, kw_only=True)
class BasicSecret:
    """A user name and its password."""

    username: str
    password: str


@dataclass(frozen=True, kw_only=True)
class OAuth2Secret:
    """Tokens that were got elsewhere. `expires_at` in ms since 1970 UTC; None: used until the service refuses it."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: int | None = None
    scopes: Sequence[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Secret:
    """Exactly one kind of secret.

    `fields` are the definition's; the standard parts beside them are composed of them (`definitions/secret.py`), and
    those in `shown` may be read.
    """

    api_key: str | None = None
    basic: BasicSecret | None = None
    bearer_token: str | None = None
    oauth2: OAuth2Secret | None = None
    none: bool | None = None
    fields: Any = None
    shown: frozenset[str] = frozenset()

    @property
    def auth_type(self) -> AuthType:
        """How a connection with this secret authorises."""
        if self.api_key is not None:
            return AuthType.API_KEY
        if self.basic is not None:
            return AuthType.BASIC
        if self.oauth2 is not None:
            return AuthType.OAUTH2
        return AuthType.BEARER if self.bearer_token is not None else AuthType.NONE

    def stored(self) -> dict[str, Any]:
        """What is encrypted."""
        return self.parts() if self.fields is None else {**self.parts(), "fields": self.fields}

    def parts(self) -> dict[str, str]:
        """What a credential is made of."""
        if self.basic is not None:
            return {"username": self.basic.username, "password": self.basic.password}
        if self.api_key is not None:
            return {"apiKey": self.api_key}
        if self.oauth2 is not None:
            both = {"accessToken": self.oauth2.access_token, "refreshToken": self.oauth2.refresh_token}
            return {key: token for key, token in both.items() if token is not None}
        return {} if self.bearer_token is None else {"token": self.bearer_token}

    def details(self) -> dict[str, str]:
        """What may be shown: user names, the first letters of long keys and tokens, nothing of passwords."""
        if self.fields is not None:
            return {
                key: _shown(value) if key in self.shown else _hint(_shown(value))
                for key, value in self.fields.items()
            }
        if self.basic is not None:
            return {"username": self.basic.username, "password": "…"}
        shown = {key: _hint(value) for key, value in self.parts().items()}
        return shown | ({"refreshToken": "…"} if "refreshToken" in shown else {})


def credential_of(auth_type: AuthType, stored: Mapping[str, Any]) -> Credential:
    """The credential that a stored secret stands for. Of a token that is still to be fetched it is an empty one."""
    if auth_type in RENEWED:
        return Bearer(stored.get("accessToken", ""))
    if auth_type is AuthType.API_KEY:
        return ApiKey(stored["apiKey"])
    if auth_type is AuthType.BASIC:
        return Basic(stored["username"], stored["password"])
    return Bearer(stored["token"]) if auth_type is AuthType.BEARER else NoCredential()


def check_secret(faults: Faults, secret: Secret | Unset | None, places: Mapping[str, Path] = _PLACES) -> None:
    """Faults at the parts of a secret: what no header could carry."""
    if not isinstance(secret, Secret):
        return
    problem = check_credential(credential_of(secret.auth_type, secret.parts()))
    for key, value in secret.parts().items():
        place = places[key] if secret.fields is None else _FIELDS
        fits = faults.text(place, value, most=_LONGEST)
        if fits and problem is not None and problem[0] in (key, _SENT_AS.get(key)):
            faults.add(place, problem[1])
    if secret.oauth2 is not None:
        faults.texts(("secret", "oauth2", "scopes"), secret.oauth2.scopes, most=_MOST_SCOPES)


def check_fits(faults: Faults, auth_type: AuthType, secret: Secret) -> None:
    """A fault where an integration authorises in another way than the secret does."""
    fits = auth_type is AuthType.NONE or secret.auth_type in (AuthType.NONE, auth_type)
    fits = fits or (secret.oauth2 is not None and auth_type in RENEWED)
    faults.check(fits, "secret", f"The integration authorises with {auth_type}, not {secret.auth_type}.")


def store(work: Work, connection: Connection, secret: Secret, *, at: AuthType | None = None, **details: Any) -> None:
    """Put a secret into a connection, which is connected from then on.

    `at` is how the integration authorises: with CLIENT_CREDENTIALS, no secret is a token that is fetched when it is
    first needed.
    """
    fetched = at is AuthType.CLIENT_CREDENTIALS and secret.auth_type in (AuthType.NONE, AuthType.OAUTH2)
    connection.auth_type = AuthType.CLIENT_CREDENTIALS if fetched else secret.auth_type
    connection.secret = work.seal(connection, "secret", secret.stored())
    connection.details = {**secret.details(), **details}
    connection.account = {}  # whose the new secret is nobody knows yet
    tokens = secret.oauth2
    connection.expires_at = tokens.expires_at if tokens else None
    connection.granted_scopes = list(tokens.scopes or ()) if tokens else []
    connected(work, connection)


def connected(work: Work, connection: Connection, *, integration_id: str | None = None) -> None:
    """It works from now on, with another secret: nobody's lease counts, and the hub says what is news."""
    before, first = connection.status, not connection.secret_version
    connection.secret_version = (connection.secret_version or 0) + 1
    connection.status = ConnectionStatus.CONNECTED
    connection.last_error = connection.last_error_at = None
    connection.lease_owner = connection.lease_until = None
    said = {"connectionId": connection.id}
    if first or before is ConnectionStatus.PENDING:
        work.announce(HubEvent.CONNECTION_CONNECTED, connection.id, said, integration_id=integration_id)
    elif before is not ConnectionStatus.CONNECTED:
        previous = said | {"previous": {"status": before}}
        work.announce(HubEvent.CONNECTION_RECOVERED, connection.id, previous, integration_id=integration_id)


def new_connection(
    work: Work,
    name: str,
    secret: Secret,
    *,
    principal_id: str | None = None,
    at: AuthType | None = None,
    **details: Any,
) -> Connection:
    """A connection of the caller's organization: a principal's own, or shared without one."""
    connection = Connection(
        organization_id=work.organization_id,
        name=name,
        name_key=name_key(name),
        mode=ConnectionMode.PER_USER if principal_id else ConnectionMode.SHARED,
        principal_id=principal_id,
        auth_type=secret.auth_type,
        secret=b"",
        secret_version=0,
    )
    store(work, connection, secret, at=at, **details)
    return work.add(connection)


async def shared_default(work: Work, integration: Integration) -> Connection | None:
    """The default connection of the caller's organization at an integration, unless it is a user's own."""
    return await work.first(
        select(Connection)
        .join(Registration, col(Registration.connection_id) == col(Connection.id))
        .where(
            col(Registration.integration_id) == integration.id,
            col(Registration.organization_id) == work.organization_id,
            col(Registration.is_default),
            col(Connection.mode) == ConnectionMode.SHARED,
        )
    )


async def replace_default_connection(
    work: Work, integration: Integration, secret: Secret, **details: Any
) -> Connection:
    """Give an integration its default shared connection, or that one a new secret. Both have been checked.

    Integrations that use it have to be verified again. Raises Forbidden where the caller may not share at one.
    """
    connection = await shared_default(work, integration)
    if connection is not None:
        await require_sharing(work, connection=connection)
        store(work, connection, secret, at=integration.auth_type, **details)
        connection.version += 1
        work.audit(connection, "connection.updated", integration_id=integration.id)
        await unverify_users_of(work, connection)
        return connection
    connection = new_connection(work, integration.name, secret, at=integration.auth_type, **details)
    work.audit(connection, "connection.created", integration_id=integration.id)
    await work.flush()
    await register(work, integration, connection, default=True)
    await unverify_users_of(work, connection)
    return connection


async def register(work: Work, integration: Integration, connection: Connection, *, default: bool) -> bool:
    """Attach a connection, and make it the default where asked. Answers whether that changed anything."""
    here = select(Registration).where(
        col(Registration.integration_id) == integration.id,
        col(Registration.organization_id) == work.organization_id,
    )
    registration = await work.first(here.where(col(Registration.connection_id) == connection.id))
    if registration is not None and (registration.is_default or not default):
        return False
    if default:
        for other in await work.all(here.where(col(Registration.is_default))):
            other.is_default = False
        await work.flush()
    if registration is None:
        registration = Registration(
            organization_id=work.organization_id, integration_id=integration.id, connection_id=connection.id
        )
        work.add(registration)
    registration.is_default = default
    await work.flush()
    return True


def hints_of(connection: Connection) -> dict[str, Any]:
    """What else is shown of a connection, besides parts of its secret."""
    return {key: value for key, value in connection.details.items() if key not in _PLACES}


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _hint(value: str) -> str:
    return f"{value[:_HINT_LETTERS]}…" if len(value) >= _SHOWN_FROM else "…"
