"""Opening a connect link: find or create its session, say how it stands for this browser, bind the two."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sqlalchemy import inspect, select
from sqlmodel import col

from models.errors import Conflict, NotFound
from models.row import new_id
from models.tables import ConnectSession
from models.vocabulary import ConnectSessionStatus
from resolvers.connect.links import SIGNED_LASTS_MS, SignedLink, digest_of, read_signed
from resolvers.connect.redeem import is_browser_of
from resolvers.connect.rights import is_backed, maker_of
from resolvers.connect.session import connection_of, status_of
from resolvers.work import Work


class Standing(Enum):
    """The state of a link for a browser. ELSEWHERE: another browser has begun with it, or has finished."""

    OPEN = "open"
    CONNECTED = "connected"
    FAILED = "failed"
    EXPIRED = "expired"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, kw_only=True)
class Opening:
    """A link in a browser: the link's text, and the secret of the browser's cookie, if it has one."""

    link: str
    browser: str | None


async def opened(work: Work, opening: Opening, *, lock: bool = False) -> ConnectSession:
    """The session of a link. For a signed link that nobody has used, a new session that is not stored yet.

    Raises NotFound.
    """
    digest = digest_of(opening.link)
    statement = select(ConnectSession).where(
        col(ConnectSession.organization_id) == work.organization_id, col(ConnectSession.link_digest) == digest
    )
    session = await work.first(statement.with_for_update() if lock else statement)
    if session is not None:
        return session
    signed = read_signed(work.hub.keyring, opening.link)
    if signed is None or signed.organization_id != work.organization_id:
        raise NotFound("connect link")
    return _as_it_would_be(work, signed, digest)


async def standing(work: Work, session: ConnectSession, browser: str | None) -> Standing:
    """The state of a session's link for a browser, now."""
    status = status_of(session, work.now())
    if status is ConnectSessionStatus.EXPIRED or await _is_over(work, session):
        return Standing.EXPIRED
    if session.browser_digest is not None and not is_browser_of(session, browser):
        return Standing.ELSEWHERE
    if status is ConnectSessionStatus.COMPLETED:
        return Standing.CONNECTED
    return Standing.FAILED if status is ConnectSessionStatus.FAILED else Standing.OPEN


async def hold(work: Work, opening: Opening) -> ConnectSession:
    """Store the session, locked and bound to this browser.

    Raises NotFound; Conflict if the link is not OPEN for this browser.
    """
    if opening.browser is None:
        raise Conflict("The browser did not send the hub's cookie; allow cookies, and open the link again.")
    session = await opened(work, opening, lock=True)
    if await standing(work, session, opening.browser) is not Standing.OPEN:
        raise Conflict("The link has ended, or another browser uses it; open it again to see its state.")
    session.browser_digest = digest_of(opening.browser)
    work.add(session)
    await _note_maker(work, session)
    return session


async def _note_maker(work: Work, session: ConnectSession) -> None:
    """Audit the making of a signed link at its first use: before, nothing is stored of it."""
    if inspect(session).persistent:
        return
    maker = await maker_of(work, session)
    if maker is not None:
        (integration_id,) = session.integration_ids
        work.as_caller(maker).audit(session, "connect_session.created", integration_id=integration_id)


async def _is_over(work: Work, session: ConnectSession) -> bool:
    """Whether its user or its maker is gone or may no longer, or the connection to renew no longer exists."""
    if session.renews_id is not None and await connection_of(work, session.renews_id) is None:
        return True
    return not await is_backed(work, session)


def _as_it_would_be(work: Work, signed: SignedLink, digest: str) -> ConnectSession:
    now = work.now()
    return ConnectSession(
        id=new_id(now),
        created_at=now,
        organization_id=signed.organization_id,
        status=ConnectSessionStatus.OPEN,
        integration_ids=[signed.integration_id],
        principal_id=signed.principal_id,
        renews_id=signed.connection_id,
        additional_scopes=list(signed.scopes),
        link_digest=digest,
        created_by=signed.created_by,
        created_by_token=signed.created_by_token,
        expires_at=now + SIGNED_LASTS_MS if signed.expires_at > now else signed.expires_at,
    )
