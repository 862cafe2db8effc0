"""The rights behind a connect session, as they are now: a link outlasts neither its maker's nor its holder's."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from models.tables import ConnectSession, Integration, Principal, Token
from models.vocabulary import Permission, TokenKind
from resolvers.authenticate import granted
from resolvers.caller import Caller
from resolvers.managing import manages
from resolvers.scope import living
from resolvers.work import Work


async def offered(work: Work, session: ConnectSession, integration_ids: Sequence[str]) -> list[Integration]:
    """The integrations among these, in this order, at which the session may connect now.

    Those that the holder sees; for a shared connection, those at which the maker may share.
    """
    viewer = await _viewer(work, session)
    if viewer is None:
        return []
    rows = await work.all(living(viewer, Integration).where(col(Integration.id).in_(integration_ids)))
    if session.principal_id is None:
        rows = [row for row in rows if await manages(work.as_caller(viewer), [row])]
    found = {row.id: row for row in rows}
    return [found[one] for one in integration_ids if one in found]


async def is_backed(work: Work, session: ConnectSession) -> bool:
    """Whether the connection would have a holder, and the maker could still make the link."""
    return await _viewer(work, session) is not None


async def _viewer(work: Work, session: ConnectSession) -> Caller | None:
    """The party whose integrations are offered: the holder, or the maker of a shared connection's link."""
    maker = await maker_of(work, session)
    if maker is None or not _may_make(maker, session):
        return None
    if session.principal_id is None:
        return maker
    holder = await _active(work, session.principal_id)
    return None if holder is None else _caller(work, holder, frozenset(map(Permission, holder.permissions)))


async def maker_of(work: Work, session: ConnectSession) -> Caller | None:
    """The maker with its present permissions; None once its token is revoked or its user disabled or removed."""
    token = await work.first(select(Token).where(col(Token.id) == session.created_by_token))
    if session.created_by_token is not None and (token is None or token.revoked_at is not None):
        return None
    of_app = token is not None and token.kind is not TokenKind.PERSONAL
    ids = (session.created_by, token.created_by if token and of_app else None)
    user, maker = [await _active(work, one) if one else None for one in ids]
    if any(one and row is None for one, row in zip(ids, (user, maker), strict=True)):
        return None
    if token is None:
        words = frozenset(map(Permission, user.permissions)) if user else work.caller.permissions
    else:
        words = granted(token, principal=user, maker=maker)
    return _caller(work, user, words, token=token, maker=maker)


def _may_make(maker: Caller, session: ConnectSession) -> bool:
    if session.principal_id is not None and session.principal_id == maker.principal_id:
        return True  # with an invitation anybody makes a connection of their own
    acts = session.principal_id is None or maker.may(Permission.ACT_AS) or maker.is_admin
    return acts and maker.may(Permission.CONNECTIONS_WRITE)


async def _active(work: Work, principal_id: str) -> Principal | None:
    alive = select(Principal).where(col(Principal.id) == principal_id, col(Principal.disabled_at).is_(None))
    return await work.first(alive)


def _caller(
    work: Work,
    user: Principal | None,
    permissions: frozenset[Permission],
    *,
    token: Token | None = None,
    maker: Principal | None = None,
) -> Caller:
    narrowed = maker is not None and Permission.ORGANIZATION_ADMIN not in maker.permissions
    return Caller(
        hub=work.hub,
        source=work.caller.source,
        organization_id=work.organization_id,
        permissions=permissions,
        actor_name=user.username if user else token.name if token else "",
        principal_id=user.id if user else None,
        token_id=token.id if token else None,
        integration_id=token.integration_id if token else None,
        maker_id=maker.id if maker else None,
        narrowed_by=maker.id if maker and narrowed else None,
    )
