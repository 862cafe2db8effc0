"""Which rows exist for a caller: the one place that tenancy and access are decided.

Another organization's row does not exist. Four exceptions, and nothing else: public and unlisted
publications; the built-in definitions; a publisher's reading of its own app's installations elsewhere; and an
installer's dispatch with the publisher's app token, whose connection is never shown. A token that reaches several
organizations sees the rows of one at a time; of the others it sees that they are there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, and_, exists, false, not_, or_, select, true
from sqlmodel import col

from models.tables import (
    AuditEntry,
    Capability,
    Connection,
    ConnectSession,
    Definition,
    Dispatch,
    Event,
    EventType,
    Installation,
    Integration,
    Job,
    Organization,
    Principal,
    Share,
    TeamMember,
    Token,
)
from models.vocabulary import ConnectionMode, IntegrationAccess, PrincipalKind
from resolvers.caller import Caller

Conditions = Sequence[ColumnElement[bool]]
MANAGE = 2


def visible(caller: Caller, model: Any) -> Conditions:
    """Conditions on `model` that leave the rows that exist for this caller."""
    rule = _RULES.get(model, _of_the_organization)
    return rule(caller, model)


def living(caller: Caller, model: Any) -> Select[Any]:
    """The rows of `model` that exist for this caller."""
    return select(model).where(*visible(caller, model))


def accessible(caller: Caller, *, least: int = 1) -> ColumnElement[bool]:
    """The access predicate on integrations: open to all, or owned by or shared with me or a team of mine.

    `least` 2 asks for a share that lets change.
    """
    if caller.is_admin:
        return true()
    shared = exists().where(
        col(Share.integration_id) == col(Integration.id),
        _is_me(caller, Share.principal_id),
        col(Share.access_level) >= least,
    )
    return or_(
        col(Integration.access) == IntegrationAccess.ORGANIZATION,
        _is_me(caller, Integration.owner_id),
        shared,
        col(Integration.id) == caller.integration_id,
    )


def acting(subject: str | BindParameter[str]) -> Conditions:
    """The principals, one in each organization, as which somebody with this subject may act."""
    return [
        col(Principal.subject) == subject,
        col(Principal.kind) == PrincipalKind.USER,
        col(Principal.disabled_at).is_(None),
    ]


def own_integrations(caller: Caller) -> Conditions:
    """Living integrations that the caller's organization owns and the caller may see."""
    return [
        col(Integration.organization_id) == caller.organization_id,
        col(Integration.removed_at).is_(None),
        accessible(caller),
    ]


def _is_me(caller: Caller, column: Any) -> ColumnElement[bool]:
    if caller.principal_id is None:
        return false()
    teams = select(col(TeamMember.team_id)).where(col(TeamMember.user_id) == caller.principal_id)
    mine = or_(col(column) == caller.principal_id, col(column).in_(teams))
    return and_(col(column).is_not(None), mine)  # false, not unknown, so that it can be negated


def living_and_removed(caller: Caller) -> Conditions:
    """Integrations that exist for the caller, and those of its organization whose deletion has begun or ended."""
    own = and_(col(Integration.organization_id) == caller.organization_id, accessible(caller))
    return [or_(own, and_(*_integrations(caller, Integration)))]


def _integrations(caller: Caller, _model: Any) -> Conditions:
    installed = select(col(Installation.integration_id)).where(
        col(Installation.organization_id) == caller.organization_id
    )
    foreign = and_(col(Integration.organization_id) != caller.organization_id, col(Integration.id).in_(installed))
    return [
        col(Integration.removed_at).is_(None),
        or_(and_(col(Integration.organization_id) == caller.organization_id, accessible(caller)), foreign),
    ]


def _of_visible_integrations(caller: Caller, model: Any) -> Conditions:
    return [model.integration_id.in_(select(col(Integration.id)).where(*_integrations(caller, Integration)))]


def _installations(caller: Caller, _model: Any) -> Conditions:
    published = select(col(Integration.id)).where(*own_integrations(caller))
    mine = and_(
        col(Installation.organization_id) == caller.organization_id,
        *_of_visible_integrations(caller, Installation),
    )
    return [or_(mine, col(Installation.integration_id).in_(published))]


def _connections(caller: Caller, _model: Any) -> Conditions:
    mine = col(Connection.organization_id) == caller.organization_id
    if caller.is_admin:
        return [mine]
    shared = col(Connection.mode) == ConnectionMode.SHARED
    return [mine, or_(shared, col(Connection.principal_id) == caller.principal_id)]


def _connect_sessions(caller: Caller, _model: Any) -> Conditions:
    """Those that one has made, and those that are for oneself."""
    mine = col(ConnectSession.organization_id) == caller.organization_id
    if caller.is_admin:
        return [mine]
    own = []
    if caller.token_id is not None:
        own.append(col(ConnectSession.created_by_token) == caller.token_id)
    if caller.principal_id is not None:
        own += [
            col(ConnectSession.created_by) == caller.principal_id,
            col(ConnectSession.principal_id) == caller.principal_id,
        ]
    return [mine, or_(false(), *own)]


def _history(caller: Caller, model: Any) -> Conditions:
    """History outlives what it names, but a restricted integration's is hidden with it."""
    mine = model.organization_id == caller.organization_id
    if caller.is_admin:
        return [mine]
    hidden = select(col(Integration.id)).where(
        col(Integration.organization_id) == caller.organization_id, not_(accessible(caller))
    )
    return [mine, or_(model.integration_id.is_(None), model.integration_id.not_in(hidden))]


def _jobs(caller: Caller, _model: Any) -> Conditions:
    """A restricted integration's work is hidden with it; the hub's own is nobody's."""
    mine = col(Job.organization_id) == caller.organization_id
    if caller.is_admin:
        return [mine]
    hidden = select(col(Integration.id)).where(
        col(Integration.organization_id) == caller.organization_id, not_(accessible(caller))
    )
    return [mine, or_(col(Job.subject_id).is_(None), col(Job.subject_id).not_in(hidden))]


def _tokens(caller: Caller, _model: Any) -> Conditions:
    mine = col(Token.organization_id) == caller.organization_id
    if caller.is_admin:
        return [mine]
    own = [col(Token.id) == caller.token_id]
    if caller.principal_id is not None:
        own += [col(Token.principal_id) == caller.principal_id, col(Token.created_by) == caller.principal_id]
    return [mine, or_(*own)]


def _definitions(caller: Caller, _model: Any) -> Conditions:
    owner = col(Definition.organization_id)
    return [or_(owner.is_(None), owner == caller.organization_id)]


def _organizations(caller: Caller, _model: Any) -> Conditions:
    own = col(Organization.id) == caller.organization_id
    if caller.subject is None:
        return [own]
    return [or_(own, col(Organization.id).in_(select(col(Principal.organization_id)).where(*acting(caller.subject))))]


def _shares(caller: Caller, _model: Any) -> Conditions:
    return [col(Share.organization_id) == caller.organization_id, *_of_visible_integrations(caller, Share)]


def _of_the_organization(caller: Caller, model: Any) -> Conditions:
    return [model.organization_id == caller.organization_id]


_RULES: dict[Any, Callable[[Caller, Any], Conditions]] = {
    AuditEntry: _history,
    Capability: _of_visible_integrations,
    Connection: _connections,
    ConnectSession: _connect_sessions,
    Definition: _definitions,
    Dispatch: _history,
    Event: _history,
    EventType: _of_visible_integrations,
    Installation: _installations,
    Integration: _integrations,
    Job: _jobs,
    Organization: _organizations,
    Share: _shares,
    Token: _tokens,
}
