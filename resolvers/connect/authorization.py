"""OAuth with the user's consent: begun by the caller, finished by the vendor's answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import col

from models.errors import Forbidden, InvalidInput, NotFound, NotReady, TokenRefused
from models.tables import ConnectSession, Integration
from models.vocabulary import Permission
from resolvers.connect.answer import FinishAuthorization
from resolvers.connect.choice import callers_destination, check_return_url, check_scopes
from resolvers.connect.consent import STATE_LASTS_MS, consent_of
from resolvers.connect.keep import keep_tokens
from resolvers.connect.links import PATH, digest_of, new_secret
from resolvers.connect.redeem import Learned, Taken, redeem, take
from resolvers.connect.rights import as_maker, offered
from resolvers.connect.session import complete, connection_of, fail, new_session, way_back
from resolvers.faults import Faults
from resolvers.operation import WRITES, exchange, operation
from resolvers.work import Work

__all__ = ["Authorization", "FinishAuthorization", "Finished", "StartAuthorization"]


@dataclass(frozen=True, kw_only=True)
class StartAuthorization:
    """An authorisation for the caller."""

    integration_id: str
    connection_id: str | None = None
    additional_scopes: Sequence[str] = ()
    return_url: str | None = None


@dataclass(frozen=True, kw_only=True)
class Authorization:
    """The next address of the user's browser, and the session that will show the result."""

    url: str
    session: ConnectSession


@dataclass(frozen=True, kw_only=True)
class Finished:
    """The end of an authorisation. `way_back`: the user's next address.

    `upstream`: the token endpoint gave no answer, not even a refusal.
    """

    session: ConnectSession
    integration: Integration | None
    way_back: str | None
    upstream: bool


@operation(needs=Permission.CONNECTIONS_WRITE, refuses=(NotFound, InvalidInput, Forbidden, NotReady))
async def start_authorization(work: Work, start: StartAuthorization) -> Authorization:
    """Begin OAuth for the caller, or for all at a shared integration.

    The address is a connect link of the hub, valid for 15 minutes. Its page says what will be connected and for whom,
    and binds the sign-in to the browser that goes on from there; the caller may be another program.
    """
    path = ("integration_id",)
    integration = await work.get(Integration, start.integration_id, path=path)
    faults = Faults()
    check_scopes(faults, start.additional_scopes)
    await check_return_url(work, faults, start.return_url)
    faults.refuse()
    into = await callers_destination(work, integration, start.connection_id, path)
    consent_of(work, integration, path)
    session = new_session(work, [integration], lasts_ms=STATE_LASTS_MS)
    session.principal_id = into.principal_id
    session.renews_id = into.connection.id if into.connection else None
    session.additional_scopes = list(start.additional_scopes)
    session.return_url = start.return_url
    link = new_secret()
    session.link_digest = digest_of(link)
    work.add(session)
    work.audit(session, "connect_session.created", integration_id=integration.id)
    return Authorization(url=work.hub.own_url + PATH + link, session=session)


@exchange(
    take,
    redeem,
    loads=WRITES,
    records=WRITES,
    needs=Permission.CONNECTIONS_WRITE,
    refuses=(NotFound, InvalidInput, Forbidden),
)
async def finish_authorization(work: Work, taken: Taken, learned: Learned) -> Finished:
    """Create or renew the connection from the vendor's answer. Without tokens the session ends as FAILED."""
    session = await _session(work, taken.session_id)
    integration = next(iter(await offered(work, session, [taken.integration_id])), None)
    renewed = await connection_of(work, taken.renews_id, lock=True)
    missing = taken.renews_id is not None and renewed is None
    reason = _failure(taken, learned, integration, missing=missing)
    if reason is None and integration and taken.question and learned.answer:
        connection = await keep_tokens(
            work,
            integration,
            learned.answer,
            asked=taken.scopes,
            account=learned.account,
            origins=taken.question.origins,
            principal_id=session.principal_id,
            renewed=renewed,
            by=await as_maker(work, session),
        )
        complete(work, session, connection)
    else:
        fail(work, session, reason or "The integration no longer exists.")
    return Finished(
        session=session,
        integration=integration,
        way_back=await way_back(work, session),
        upstream=learned.failure is not None and not isinstance(learned.failure, TokenRefused),
    )


async def _session(work: Work, session_id: str) -> ConnectSession:
    mine = select(ConnectSession).where(
        col(ConnectSession.id) == session_id, col(ConnectSession.organization_id) == work.organization_id
    )
    session = await work.first(mine.with_for_update())
    if session is None:
        raise NotFound("connect session")
    return session


def _failure(taken: Taken, learned: Learned, integration: Integration | None, *, missing: bool) -> str | None:
    if taken.refusal is not None:
        return taken.refusal
    if learned.failure is not None:
        return learned.failure.message
    if missing:
        return "The connection to renew no longer exists; connect again."
    return "The integration no longer exists." if integration is None else None
