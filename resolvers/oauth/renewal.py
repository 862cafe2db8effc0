"""Renew a token once, even if many callers, processes and machines find it expired.

The renewing caller has a lease on the connection's row, by the database's clock; no transaction is open during the
request. The row's `secret_version` decides: a token for an older version is dropped.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Final, assert_never

from sqlalchemy import Select, select
from sqlmodel import col

from models.errors import DomainError, NotFound, NotReady, TooMany, UpstreamFailed, UpstreamTimeout
from models.job import database_now
from models.origins import Origins
from models.row import new_id
from models.tables import Connection, Integration
from models.vocabulary import ConnectionStatus, UnavailableReason
from proxy.oauth import ClientCredentials, Grant, RefreshToken, TokenAnswer, TokenEndpoint, fetch_token
from resolvers.auth_kinds import KINDS, GrantType
from resolvers.caller import Caller
from resolvers.credentials.held import HeldToken, is_due
from resolvers.credentials.tokens import lose_connection, store_tokens
from resolvers.fitness import changed
from resolvers.hub import Hub
from resolvers.oauth.client import issuing_integration, token_endpoint
from resolvers.oauth.verdict import MOST_REFUSALS, Verdict, repeated, verdict_of
from resolvers.operation import OPERATOR, WRITES, exchange
from resolvers.readiness import SENTENCES
from resolvers.work import Work

_PATIENCE_SECONDS: Final = 60.0
_CHECK_CLIENT: Final = "Check clientId, clientSecret and tokenEndpointAuth of the integration."
#: After the second refusal in a row that may be final, in back-offs: a vendor's bad minute must end no grant.
_SECOND_BACKOFF: Final = 4


@dataclass(frozen=True, kw_only=True)
class RenewToken:
    """The connection, and the version of its token that has expired."""

    connection_id: str
    version: int


@dataclass(frozen=True, kw_only=True)
class FreshToken:
    """A token to use now, of the current version, and the only origins to which it may go.

    The user may have connected again for other addresses since the call was built.
    """

    access_token: str = field(repr=False)
    version: int
    origins: Origins


@dataclass(frozen=True, kw_only=True)
class Turn:
    """The lease, and the request that it covers. `known`: the stored texts that the vendor might repeat."""

    renewal: RenewToken
    owner: str
    endpoint: TokenEndpoint
    grant: Grant
    lane: str
    integration_id: str
    asked: tuple[str, ...]
    known: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Unrenewed:
    """No token now. `why` None: another caller is renewing it."""

    why: DomainError | None = None


async def fresh_token(hub: Hub, held: HeldToken) -> FreshToken:
    """A token that is newer than the held one, renewed by this caller or by another.

    Raises NotReady if the user must connect again, UpstreamFailed if the vendor fails, NotFound.
    """
    return await hub.flights.join(("token", held.connection_id, held.version), lambda: _renew(hub, held))


async def renewal_obstacle(work: Work, connection: Connection) -> NotReady | None:
    """The refusal of a renewal that is due, without asking the vendor or taking the lease; None if it may begin."""
    try:
        _turn(work, connection, await issuing_integration(work, connection))
    except NotReady as refusal:
        return refusal
    return None


async def load(work: Work, renewal: RenewToken) -> Turn | FreshToken | Unrenewed:
    """Take the lease, unless there is a new token or a lease. Raises NotReady; UpstreamFailed in the back-off.

    A token of this moment is not renewed: its vendor may not know it everywhere yet.
    """
    connection = await _held(work, renewal.connection_id)
    if connection.status is ConnectionStatus.NEEDS_RECONNECT:
        raise _come_back()
    if not KINDS[connection.auth_type].renewed:
        return Unrenewed(why=_come_back())
    renewed = connection.secret_version != renewal.version and not is_due(connection, work.now())
    if renewed and (fresh := _fresh(work, connection)):
        return fresh
    now = (await work.session.execute(select(database_now()))).scalar_one()
    lease_ms = int(work.hub.pace.token_lease * 1000)
    # A lease that ends later than a new one would was given before the clock was set back: it is ignored.
    if connection.lease_until is not None and now < connection.lease_until <= now + lease_ms:
        if connection.lease_owner is None:
            raise repeated(connection.last_error)
        return Unrenewed()
    if _is_settling(work, connection):
        return Unrenewed()
    integration = await issuing_integration(work, connection)
    turn = _turn(work, connection, integration)
    connection.lease_owner, connection.lease_until = turn.owner, now + lease_ms
    return turn


async def ask(hub: Hub, claimed: Turn | FreshToken | Unrenewed) -> TokenAnswer | DomainError | None:
    """Send the token request, if this caller has the lease."""
    if not isinstance(claimed, Turn):
        return None
    try:
        return await fetch_token(hub.egress, claimed.endpoint, claimed.grant, lane=claimed.lane, known=claimed.known)
    except DomainError as refusal:  # returned, so that it is recorded and the lease is given back
        return refusal


@exchange(load, ask, loads=WRITES, records=WRITES, needs=OPERATOR, refuses=(NotFound, NotReady, UpstreamFailed))
async def renew_token(
    work: Work, claimed: Turn | FreshToken | Unrenewed, sent: TokenAnswer | DomainError | None
) -> FreshToken | Unrenewed:
    """Renew the token of a connection, unless another caller has renewed it or is renewing it."""
    if not isinstance(claimed, Turn):
        return claimed
    connection = await _held(work, claimed.renewal.connection_id)
    if connection.secret_version != claimed.renewal.version:  # connected again, or renewed under another lease
        return _fresh(work, connection) or Unrenewed()
    if isinstance(sent, TokenAnswer):
        store_tokens(work, connection, sent, asked=claimed.asked, integration_id=claimed.integration_id)
        return _token(connection, sent.access_token)
    if connection.lease_owner != claimed.owner:
        return Unrenewed()
    return Unrenewed(why=await _fail(work, connection, claimed, sent))


async def _renew(hub: Hub, held: HeldToken) -> FreshToken:
    caller = Caller.of_hub(hub, held.organization_id, cause=held.cause)
    patience = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < patience:
        result = await renew_token(caller, RenewToken(connection_id=held.connection_id, version=held.version))
        if isinstance(result, FreshToken):
            return result
        if result.why is not None:
            raise result.why
        await asyncio.sleep(hub.pace.token_look)
    raise UpstreamTimeout("The token of the connection was not renewed in time; try again.")


async def _fail(work: Work, connection: Connection, turn: Turn, sent: DomainError | None) -> DomainError:
    failure = sent or UpstreamFailed("The token endpoint was not asked.")
    verdict = verdict_of(failure)
    connection.refresh_refusals += verdict is Verdict.DOUBTFUL
    ended = verdict is Verdict.ENDED or connection.refresh_refusals >= MOST_REFUSALS
    if ended and KINDS[connection.auth_type].asks_for_consent:
        lose_connection(work, connection, failure.message, integration_id=turn.integration_id)
        return _come_back()
    connection.lease_owner = connection.lease_until = None
    if isinstance(failure, TooMany):  # the hub's own limit: the vendor was not asked
        return failure
    if verdict is Verdict.CLIENT and isinstance(failure, UpstreamFailed):
        sentence = f"{failure.message.removesuffix('.')}. {_CHECK_CLIENT}"
        failure = UpstreamFailed(sentence, reason=failure.reason, external_status=failure.external_status)
    now = (await work.session.execute(select(database_now()))).scalar_one()
    connection.last_error, connection.last_error_at = failure.message, work.now()
    seconds = work.hub.pace.token_backoff
    if verdict is Verdict.DOUBTFUL and connection.refresh_refusals > 1:
        seconds = min(seconds * _SECOND_BACKOFF, work.hub.pace.token_lease)
    connection.lease_until = now + int(seconds * 1000)
    return failure


def _turn(work: Work, connection: Connection, integration: Integration | None) -> Turn:
    endpoint = token_endpoint(work, integration) if integration else None
    if integration is None or endpoint is None:
        raise NotReady(
            "The integration lacks its tokenUrl or its clientId; set them.",
            reason=UnavailableReason.NO_CONNECTION,
        )
    grant, asked = _grant(work, connection, integration)
    return Turn(
        renewal=RenewToken(connection_id=connection.id, version=connection.secret_version),
        owner=new_id(),
        endpoint=endpoint,
        grant=grant,
        lane=connection.organization_id,
        integration_id=integration.id,
        asked=asked,
        known=_known(work, connection),
    )


def _known(work: Work, connection: Connection) -> tuple[str, ...]:
    stored = work.unseal(connection, "secret") if connection.secret else {}
    return tuple(text for text in stored.values() if isinstance(text, str))


def _grant(work: Work, connection: Connection, integration: Integration) -> tuple[Grant, tuple[str, ...]]:
    """The grant of the token request, and its scopes.

    Raises NotReady without a refresh token, or if an address is none that the secrets were entered for.
    """
    grant_type = KINDS[connection.auth_type].grant
    match grant_type:
        case GrantType.CLIENT_CREDENTIALS:
            # A token that the client's secret gets goes to no origin that this secret was not entered for.
            if integration.client_secret is not None and not _within_client(connection, integration):
                raise changed()
            scopes = tuple(integration.scopes)
            return ClientCredentials(scopes=scopes), scopes
        case GrantType.AUTHORIZATION_CODE | None:
            refresh_token = work.unseal(connection, "secret").get("refreshToken")
            if refresh_token is None:
                raise _come_back()
            if not Origins.read(connection.secret_origins).allows_token(integration.token_url or ""):
                raise changed(integration.token_url)
            return RefreshToken(token=refresh_token), tuple(connection.granted_scopes)
        case _:
            assert_never(grant_type)


def _within_client(connection: Connection, integration: Integration) -> bool:
    allowed = Origins.read(integration.client_secret_origins).api
    return Origins.read(connection.secret_origins).api <= allowed


async def _held(work: Work, connection_id: str) -> Connection:
    connection = await work.first(_row(connection_id))
    if connection is None:
        raise NotFound("connection")
    return connection


def _row(connection_id: str) -> Select[Connection]:
    """The row by id alone: the call that needs the token has been authorised for this connection."""
    return select(Connection).where(col(Connection.id) == connection_id).with_for_update()


def _fresh(work: Work, connection: Connection) -> FreshToken | None:
    """The token that another caller has stored; None if it is still to be fetched."""
    access_token = work.unseal(connection, "secret").get("accessToken")
    return access_token and _token(connection, access_token)


def _token(connection: Connection, access_token: str) -> FreshToken:
    origins = Origins.read(connection.secret_origins)
    return FreshToken(access_token=access_token, version=connection.secret_version, origins=origins)


def _is_settling(work: Work, connection: Connection) -> bool:
    issued_at = connection.issued_at
    return issued_at is not None and issued_at <= work.now() < issued_at + int(work.hub.pace.token_settling * 1000)


def _come_back() -> NotReady:
    reason = UnavailableReason.NEEDS_RECONNECT
    return NotReady(SENTENCES[reason], reason=reason)
