"""The caller's own connection at an integration: create, renew, remove."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy import select
from sqlmodel import col

from models.errors import Conflict, Forbidden, InvalidInput, NotFound, NotReady, TooMany, UpstreamFailed
from models.tables import Connection, Integration, Principal, Registration
from models.vocabulary import Permission
from proxy.oauth import AuthorizationCode, Grant, RefreshToken, TokenAnswer
from resolvers.connect.authorization import Authorization
from resolvers.connect.choice import Destination
from resolvers.connect.consent import CALLBACK, STATE_LASTS_MS, send_to_vendor
from resolvers.connect.keep import keep_secret, keep_tokens
from resolvers.connect.links import digest_of
from resolvers.connect.redeem import Learned, Question, learn, question_of
from resolvers.connect.session import asks_for_consent, is_for_all, new_session
from resolvers.connections.mutations import judged_secret
from resolvers.credentials.binding import consented_at
from resolvers.credentials.register import replace_default_connection, shared_default, unregister
from resolvers.faults import ADDRESS, Faults, require
from resolvers.find import IntegrationRef, get_integration, managed_integration
from resolvers.flow_uses import require_unused_connection
from resolvers.hub import Hub
from resolvers.managing import require_sharing
from resolvers.oauth.revocation import forget_connection
from resolvers.operation import WRITES, exchange, operation
from resolvers.pick import picked
from resolvers.secret import Secret
from resolvers.work import Work

_PATH: Final = ("integration",)
_LONGEST: Final = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class ConnectIntegration:
    """A connection for the caller, from a secret or from a grant that the token endpoint exchanges for tokens."""

    integration: IntegrationRef
    given: Secret | Grant


@dataclass(frozen=True, kw_only=True)
class AuthorizeIntegration:
    """An authorisation on the vendor's own page, begun and ended in one browser.

    `browser`: the secret of its cookie. `callback`: path below the hub's own address to which the vendor returns.
    """

    integration: IntegrationRef
    browser: str = field(repr=False)
    callback: str = CALLBACK


@dataclass(frozen=True, kw_only=True)
class Connected:
    """A connection at one integration, and its user; None if it is shared."""

    integration: Integration
    connection: Connection
    user: Principal | None


@dataclass(frozen=True, kw_only=True)
class Connecting:
    """The credential for an integration: a checked secret, or the question to the token endpoint."""

    integration_id: str
    secret: Secret | None = None
    question: Question | None = None


async def load_connecting(work: Work, new: ConnectIntegration) -> Connecting:
    """Find the integration, and check the secret or grant. Nothing is sent."""
    integration = await get_integration(work, new.integration, path=_PATH)
    into = await _destination(work, integration)
    faults = Faults()
    if isinstance(new.given, Secret):
        secret = await judged_secret(work, faults, [integration], new.given)
        faults.refuse()
        return Connecting(integration_id=integration.id, secret=secret)
    _check_grant(faults, new.given)
    faults.refuse()
    origins = await consented_at(work, integration, into.connection)
    question = await question_of(work, integration, new.given, origins, path=_PATH)
    return Connecting(integration_id=integration.id, question=question)


async def redeem_grant(hub: Hub, connecting: Connecting) -> Learned:
    """The tokens for a grant; nothing for a secret."""
    return Learned() if connecting.question is None else await learn(hub, connecting.question)


@exchange(
    load_connecting,
    redeem_grant,
    loads=WRITES,  # a one-time grant is not spent while the database cannot be written
    records=WRITES,
    needs=Permission.CONNECTIONS_WRITE,
    refuses=(NotFound, InvalidInput, Forbidden, NotReady, TooMany, UpstreamFailed),
)
async def connect_integration(work: Work, connecting: Connecting, learned: Learned) -> Connected:
    """Create the caller's connection at an integration, or replace its secret.

    If the integration's connections are shared, or the caller is no user, it is the default shared connection. That
    needs the right to change the integration.
    """
    integration = await work.get(Integration, connecting.integration_id, path=_PATH)
    into = await _destination(work, integration)
    if connecting.secret is not None:
        connection = await _keep_secret(work, integration, connecting.secret, into)
    else:
        connection = await _keep_grant(work, integration, connecting.question, learned, into)
    return await _connected(work, integration, connection)


@operation(needs=Permission.CONNECTIONS_WRITE, refuses=(NotFound, InvalidInput, Forbidden, NotReady))
async def authorize_integration(work: Work, wanted: AuthorizeIntegration) -> Authorization:
    """Begin OAuth for the connection that `connect_integration` would make or renew."""
    integration = await get_integration(work, wanted.integration, path=_PATH)
    into = await _destination(work, integration)
    way = integration.auth_type
    require(asks_for_consent(integration), _PATH, f"It authorises with {way}, which has no consent page.")
    session = new_session(work, [integration], lasts_ms=STATE_LASTS_MS)
    session.principal_id = into.principal_id
    session.renews_id = into.connection.id if into.connection else None
    session.browser_digest = digest_of(wanted.browser)
    url = await send_to_vendor(work, session, integration, callback=wanted.callback, path=_PATH)
    work.add(session)
    work.audit(session, "connect_session.created")
    return Authorization(url=url, session=session)


@operation(needs=Permission.CONNECTIONS_WRITE, refuses=(NotFound, Conflict, Forbidden))
async def disconnect_integration(work: Work, ref: IntegrationRef) -> str:
    """Remove the caller's connection from an integration; it stays at others. Answers its id."""
    integration = await get_integration(work, ref, path=_PATH)
    connection = (await _destination(work, integration)).connection
    if connection is None:
        raise NotFound("connection", path=_PATH)
    await take_away(work, integration, connection)
    return connection.id


@operation(needs=Permission.CONNECTIONS_READ, reads=True, refuses=(NotFound,))
async def read_integration_connection(work: Work, ref: IntegrationRef) -> Connected:
    """The connection that a call would pick. Raises NotFound if it would pick none, or if the choice is ambiguous."""
    integration = await get_integration(work, ref)
    chosen = await picked(work, integration)
    if chosen.shown is None:
        raise NotFound("connection")
    return await _connected(work, integration, chosen.shown)


async def _connected(work: Work, integration: Integration, connection: Connection) -> Connected:
    user = await work.find(Principal, connection.principal_id or "")
    return Connected(integration=integration, connection=connection, user=user)


async def _destination(work: Work, integration: Integration) -> Destination:
    """The connection to create or renew. Raises Forbidden if it is shared and the caller may not share there."""
    me = work.caller.principal_id
    if not is_for_all(integration, me):
        return Destination(principal_id=me, connection=await _own_connection(work, integration))
    integration = await managed_integration(work, integration.id, path=_PATH)
    connection = await shared_default(work, integration)
    await require_sharing(work, connection=connection, path=_PATH)
    return Destination(principal_id=None, connection=connection)


async def _own_connection(work: Work, integration: Integration) -> Connection | None:
    """The caller's own connection at an integration: the default, else the oldest registration."""
    mine = (
        work.mine(Connection)
        .join(Registration, col(Registration.connection_id) == col(Connection.id))
        .where(
            col(Registration.integration_id) == integration.id,
            col(Connection.principal_id) == work.caller.principal_id,
        )
    )
    return await work.first(mine.order_by(col(Registration.is_default).desc(), col(Registration.id)))


async def _keep_secret(work: Work, integration: Integration, secret: Secret, into: Destination) -> Connection:
    if into.principal_id is not None:
        renewed = await _held(work, into)
        return await keep_secret(work, integration, secret, principal_id=into.principal_id, renewed=renewed)
    return await replace_default_connection(work, integration, secret)


async def _keep_grant(
    work: Work, integration: Integration, question: Question | None, learned: Learned, into: Destination
) -> Connection:
    if learned.failure is not None:
        raise learned.failure
    assert question is not None and learned.answer is not None  # noqa: S101, PT018  a failure was raised above
    return await keep_tokens(
        work,
        integration,
        _with_its_refresh_token(question.grant, learned.answer),
        asked=integration.scopes,
        account=learned.account,
        origins=question.origins,
        principal_id=into.principal_id,
        renewed=await _held(work, into),
    )


def _with_its_refresh_token(grant: Grant, answer: TokenAnswer) -> TokenAnswer:
    """The answer; without a new refresh token, with the one of the grant, which stays in force (RFC 6749 §6)."""
    if isinstance(grant, RefreshToken) and answer.refresh_token is None:
        return replace(answer, refresh_token=grant.token)
    return answer


async def _held(work: Work, into: Destination) -> Connection | None:
    """The existing connection, locked; None if there is none."""
    return None if into.connection is None else await work.lock(Connection, into.connection.id)


def _check_grant(faults: Faults, grant: Grant) -> None:
    match grant:
        case AuthorizationCode(code=code, redirect_uri=redirect_uri):
            faults.text("code", code, most=_LONGEST, least=1)
            faults.text("redirect_uri", redirect_uri, most=ADDRESS, least=1)
        case RefreshToken(token=token):
            faults.text("refresh_token", token, most=_LONGEST, least=1)


async def take_away(work: Work, integration: Integration, connection: Connection) -> None:
    """Detach a connection from an integration, and remove it if it is at no other one.

    Raises Conflict if flows use one that would be removed.
    """
    registrations = await work.all(
        select(Registration).where(col(Registration.connection_id) == connection.id).with_for_update()
    )
    here = [one for one in registrations if one.integration_id == integration.id]
    if len(registrations) > len(here):
        for one in here:
            await unregister(work, integration, one, connection)
        return
    await require_unused_connection(work, connection)
    work.audit(connection, "connection.deleted", integration_id=integration.id)
    await forget_connection(work, connection)
