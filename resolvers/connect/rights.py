"""The rights behind a connect session, as they are now: a link outlasts neither its maker's nor its holder's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlmodel import col

from models.tables import ConnectSession, Integration, Principal, Token
from models.vocabulary import Permission, TokenKind
from resolvers.authenticate import granted, has_ended
from resolvers.caller import Caller
from resolvers.managing import manages
from resolvers.scope import living
from resolvers.work import Work

_ACTS: Final = frozenset({Permission.ACT_AS})


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


async def as_maker(work: Work, session: ConnectSession) -> Work:
    """The same transaction as the party that says where a secret goes: the maker of a shared connection's link."""
    maker = await maker_of(work, session) if session.principal_id is None else None
    return work if maker is None else work.as_caller(maker)


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
    return None if holder is None else _caller(work, holder, _words(holder))


async def maker_of(work: Work, session: ConnectSession) -> Caller | None:
    """The maker with its present permissions; None once its token has ended or its user is disabled or removed."""
    token = await work.first(select(Token).where(col(Token.id) == session.created_by_token))
    if session.created_by_token is not None and (token is None or has_ended(token, work.now())):
        return None
    user = await _active(work, session.created_by)
    maker = await _active(work, token.created_by) if token else None
    if session.created_by is not None and user is None:
        return None
    if token is None:
        return _caller(work, user, _words(user) if user else work.caller.permissions)
    if token.kind is TokenKind.PERSONAL:
        return _caller(work, user, granted(token, principal=user, maker=maker), token=token)
    if token.created_by is not None and maker is None:
        return None
    words = granted(token, maker=maker)
    return _caller(work, user, words & (_words(user) | _ACTS) if user else words, token=token, maker=maker)


def _may_make(maker: Caller, session: ConnectSession) -> bool:
    own = session.principal_id is not None and session.principal_id == maker.principal_id
    if own and maker.integration_id is None:
        return True  # with an invitation anybody makes a connection of their own
    acts = session.principal_id is None or maker.may(Permission.ACT_AS) or maker.is_admin
    return acts and maker.may(Permission.CONNECTIONS_WRITE)


def _words(user: Principal) -> frozenset[Permission]:
    return frozenset(map(Permission, user.permissions))


async def _active(work: Work, principal_id: str | None) -> Principal | None:
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
