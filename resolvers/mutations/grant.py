"""OAuth grants that somebody got elsewhere and brings along: a code, or a refresh token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from models.errors import Forbidden, InvalidInput, NotFound, TooMany, UpstreamFailed
from models.tables import Connection, Integration
from models.vocabulary import Permission
from proxy.oauth import AuthorizationCode, Grant, RefreshToken, TokenAnswer
from resolvers.caller import Hub
from resolvers.connecting.choice import callers_destination
from resolvers.connecting.keep import keep_tokens
from resolvers.connecting.redeem import Learned, Question, learn, question_of
from resolvers.connecting.session import connection_of
from resolvers.faults import Faults
from resolvers.operation import exchange
from resolvers.work import Work

_LONGEST = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class ConnectWithCode:
    """A code of a flow that the hub did not begin. `redirect_uri` is the one that the flow began with."""

    integration_id: str
    code: str = field(repr=False)
    redirect_uri: str | None = None
    connection_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class ConnectWithRefreshToken:
    """A refresh token of the integration's own client."""

    integration_id: str
    refresh_token: str = field(repr=False)
    connection_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Brought:
    """What to ask the token endpoint for, and where the answer goes."""

    integration_id: str
    connection_id: str | None
    principal_id: str | None
    scopes: Sequence[str]
    question: Question


async def _load_code(work: Work, given: ConnectWithCode) -> Brought:
    _check_text("code", given.code)
    grant = AuthorizationCode(code=given.code, redirect_uri=given.redirect_uri)
    return await _load(work, given.integration_id, given.connection_id, grant)


async def _load_refresh_token(work: Work, given: ConnectWithRefreshToken) -> Brought:
    _check_text("refreshToken", given.refresh_token)
    grant = RefreshToken(token=given.refresh_token)
    return await _load(work, given.integration_id, given.connection_id, grant)


async def _ask(hub: Hub, brought: Brought) -> Learned:
    return await learn(hub, brought.question)


@exchange(
    _load_code,
    _ask,
    needs=Permission.CONNECTIONS_WRITE,
    refuses=(NotFound, InvalidInput, Forbidden, UpstreamFailed, TooMany),
)
async def connect_with_code(work: Work, brought: Brought, learned: Learned) -> Connection:
    """Connect the caller, or all at a shared integration, with a code that was got elsewhere."""
    return await _keep(work, brought, learned)


@exchange(
    _load_refresh_token,
    _ask,
    needs=Permission.CONNECTIONS_WRITE,
    refuses=(NotFound, InvalidInput, Forbidden, UpstreamFailed, TooMany),
)
async def connect_with_refresh_token(work: Work, brought: Brought, learned: Learned) -> Connection:
    """Connect the caller, or all at a shared integration, with a refresh token that was got elsewhere."""
    return await _keep(work, brought, learned)


def with_its_refresh_token(grant: Grant, answer: TokenAnswer) -> TokenAnswer:
    """What was answered; without a new refresh token the one that was brought goes on (RFC 6749 §6)."""
    if isinstance(grant, RefreshToken) and answer.refresh_token is None:
        return replace(answer, refresh_token=grant.token)
    return answer


async def _load(work: Work, integration_id: str, connection_id: str | None, grant: Grant) -> Brought:
    path = ("input", "integrationId")
    integration = await work.get(Integration, integration_id, path=path)
    into = await callers_destination(work, integration, connection_id, path)
    return Brought(
        integration_id=integration.id,
        connection_id=connection_id,
        principal_id=into.principal_id,
        scopes=integration.scopes,
        question=await question_of(work, integration, grant, path=path),
    )


async def _keep(work: Work, brought: Brought, learned: Learned) -> Connection:
    if learned.failure is not None:
        raise learned.failure
    assert learned.answer is not None  # noqa: S101  there is one where nothing failed
    integration = await work.get(Integration, brought.integration_id, path=("input", "integrationId"))
    renewed = await connection_of(work, brought.connection_id, lock=True)
    if brought.connection_id is not None and renewed is None:
        raise NotFound("connection", path=("input", "connectionId"))
    return await keep_tokens(
        work,
        integration,
        with_its_refresh_token(brought.question.grant, learned.answer),
        asked=brought.scopes,
        account=learned.account,
        principal_id=brought.principal_id,
        renewed=renewed,
    )


def _check_text(name: str, value: str) -> None:
    faults = Faults("input")
    faults.text(name, value, most=_LONGEST, least=1)
    faults.refuse()
