"""Renewing a token: once, however many callers, processes and machines find it ended.

Who renews has a lease on the connection's row, by the database's clock; no transaction is open while the vendor is
asked. The row's `secret_version` decides: what was got for a version that is over is thrown away.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Select, select
from sqlmodel import col

from models.errors import DomainError, NotFound, NotReady, TokenRefused, TooMany, UpstreamFailed, UpstreamTimeout
from models.job import database_now
from models.row import new_id
from models.tables import Connection, Integration
from models.vocabulary import AuthType, ConnectionStatus, UnavailableReason
from proxy.oauth import ClientCredentials, Grant, RefreshToken, TokenAnswer, TokenEndpoint, fetch_token
from resolvers.caller import Caller
from resolvers.credentials.held import RENEWED, HeldToken
from resolvers.credentials.tokens import lose_connection, store_tokens
from resolvers.hub import Hub
from resolvers.oauth.client import issuing_integration, token_endpoint
from resolvers.operation import OPERATOR, WRITES, exchange, operation
from resolvers.readiness import SENTENCES
from resolvers.work import Work

_PATIENCE_SECONDS: Final = 60.0
#: `invalid_grant` (RFC 6749 §5.2), and the words of vendors who call it otherwise: GitHub, Slack.
_ENDED: Final = frozenset({"invalid_grant", "bad_refresh_token", "invalid_refresh_token"})


@dataclass(frozen=True, kw_only=True)
class RenewToken:
    """The connection whose token of this version is over."""

    connection_id: str
    version: int


@dataclass(frozen=True, kw_only=True)
class FreshToken:
    """A token to use now, of the version that stands."""

    access_token: str = field(repr=False)
    version: int


@dataclass(frozen=True, kw_only=True)
class Turn:
    """The lease, and what to ask with it."""

    renewal: RenewToken
    owner: str
    endpoint: TokenEndpoint
    grant: Grant
    lane: str
    integration_id: str
    asked: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Unrenewed:
    """Why there is no token now; None: somebody else is at it."""

    why: DomainError | None = None


async def fresh_token(hub: Hub, held: HeldToken) -> FreshToken:
    """A token that is newer than the held one, renewed by this caller or by whoever is first.

    Raises NotReady where the user must come back, UpstreamFailed where the vendor fails, NotFound.
    """
    return await hub.flights.join(("token", held.connection_id, held.version), lambda: _renew(hub, held))


async def load(work: Work, renewal: RenewToken) -> Turn | FreshToken | Unrenewed:
    """Take the lease, or learn that there is no need to. Raises NotReady, UpstreamFailed within the back-off."""
    connection = await _held(work, renewal.connection_id)
    if connection.status is ConnectionStatus.NEEDS_RECONNECT:
        raise _come_back()
    if connection.auth_type not in RENEWED:
        return Unrenewed(why=_come_back())
    if connection.secret_version != renewal.version and (fresh := _fresh(work, connection)):
        return fresh
    now = (await work.session.execute(select(database_now()))).scalar_one()
    lease_ms = int(work.hub.pace.token_lease * 1000)
    # What ends later than anybody would give was given before the clock was set back.
    if connection.lease_until is not None and now < connection.lease_until <= now + lease_ms:
        if connection.lease_owner is None:
            raise UpstreamFailed(connection.last_error or "The token endpoint failed.")
        return Unrenewed()
    integration = await issuing_integration(work, connection)
    turn = _turn(work, connection, integration)
    connection.lease_owner, connection.lease_until = turn.owner, now + lease_ms
    return turn


async def ask(hub: Hub, claimed: Turn | FreshToken | Unrenewed) -> TokenAnswer | DomainError | None:
    """The one call, by who has the lease."""
    if not isinstance(claimed, Turn):
        return None
    try:
        return await fetch_token(hub.egress, claimed.endpoint, claimed.grant, lane=claimed.lane)
    except DomainError as refusal:  # it has to be recorded: the lease is to be given back
        return refusal


@exchange(load, ask, loads=WRITES, records=WRITES, needs=OPERATOR, refuses=(NotFound, NotReady, UpstreamFailed))
async def renew_token(
    work: Work, claimed: Turn | FreshToken | Unrenewed, sent: TokenAnswer | DomainError | None
) -> FreshToken | Unrenewed:
    """Ask the vendor for the next token of a connection, unless somebody has it or is at it."""
    if not isinstance(claimed, Turn):
        return claimed
    connection = await _held(work, claimed.renewal.connection_id)
    if connection.secret_version != claimed.renewal.version:  # connected anew, or renewed by who took over
        return _fresh(work, connection) or Unrenewed()
    if isinstance(sent, TokenAnswer):
        store_tokens(work, connection, sent, asked=claimed.asked, integration_id=claimed.integration_id)
        return FreshToken(access_token=sent.access_token, version=connection.secret_version)
    if connection.lease_owner != claimed.owner:
        return Unrenewed()
    return Unrenewed(why=await _fail(work, connection, claimed, sent))


@operation(needs=OPERATOR)
async def require_reconnect(work: Work, lost: RenewToken, why: str) -> None:
    """The remote service refuses a token, new as it is: the user must come back, unless they have already."""
    connection = await work.first(_row(lost.connection_id))
    if connection is not None and connection.secret_version == lost.version:
        lose_connection(work, connection, why)


async def _renew(hub: Hub, held: HeldToken) -> FreshToken:
    caller = Caller.of_hub(hub, held.organization_id)
    patience = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < patience:
        came = await renew_token(caller, RenewToken(connection_id=held.connection_id, version=held.version))
        if isinstance(came, FreshToken):
            return came
        if came.why is not None:
            raise came.why
        await asyncio.sleep(hub.pace.token_look)
    raise UpstreamTimeout("The token of the connection was not renewed in time.")


async def _fail(work: Work, connection: Connection, turn: Turn, sent: DomainError | None) -> DomainError:
    why = sent or UpstreamFailed("The token endpoint was not asked.")
    if isinstance(why, TokenRefused) and why.error in _ENDED:
        lose_connection(work, connection, why.message, integration_id=turn.integration_id)
        return _come_back()
    connection.lease_owner = connection.lease_until = None
    if not isinstance(why, TooMany):  # which is the hub's own doing
        now = (await work.session.execute(select(database_now()))).scalar_one()
        connection.last_error, connection.last_error_at = why.message, work.now()
        connection.lease_until = now + int(work.hub.pace.token_backoff * 1000)
    return why


def _turn(work: Work, connection: Connection, integration: Integration | None) -> Turn:
    endpoint = token_endpoint(work, integration) if integration else None
    if integration is None or endpoint is None:
        raise NotReady(
            "The integration does not say where its tokens come from; give its tokenUrl and clientId.",
            reason=UnavailableReason.NO_CONNECTION,
        )
    grant: Grant
    if connection.auth_type is AuthType.CLIENT_CREDENTIALS:
        asked = tuple(integration.scopes)
        grant = ClientCredentials(scopes=asked)
    else:
        asked = tuple(connection.granted_scopes)
        refresh_token = work.unseal(connection, "secret").get("refreshToken")
        if refresh_token is None:
            raise _come_back()
        grant = RefreshToken(token=refresh_token)
    return Turn(
        renewal=RenewToken(connection_id=connection.id, version=connection.secret_version),
        owner=new_id(),
        endpoint=endpoint,
        grant=grant,
        lane=connection.organization_id,
        integration_id=integration.id,
        asked=asked,
    )


async def _held(work: Work, connection_id: str) -> Connection:
    connection = await work.first(_row(connection_id))
    if connection is None:
        raise NotFound("connection")
    return connection


def _row(connection_id: str) -> Select[Connection]:
    """By id alone: whose connection this is was settled when the call that needs it was let in."""
    return select(Connection).where(col(Connection.id) == connection_id).with_for_update()


def _fresh(work: Work, connection: Connection) -> FreshToken | None:
    """The token that somebody else has put there; None where it is still to be fetched."""
    access_token = work.unseal(connection, "secret").get("accessToken")
    return access_token and FreshToken(access_token=access_token, version=connection.secret_version)


def _come_back() -> NotReady:
    reason = UnavailableReason.NEEDS_RECONNECT
    return NotReady(SENTENCES[reason], reason=reason)
