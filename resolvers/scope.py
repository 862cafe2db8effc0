"""Which rows exist for a caller: the one place that tenancy and access are decided.

Another organization's row does not exist. Four exceptions, and nothing else: public and unlisted
publications; the built-in definitions; a publisher's reading of its own app's installations elsewhere; and an
installer's dispatch with the publisher's app token, whose connection is never shown. A token that reaches several
organizations sees the rows of one at a time; of the others it sees that they are there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from sqlalchemy import BindParameter, ColumnElement, Select, and_, exists, false, not_, or_, select, true
from sqlmodel import col

from models.row import Scope
from models.tables import (
    Connection,
    ConnectSession,
    Definition,
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

Conditions = Sequence[ColumnElement[bool]]
MANAGE = 2
_Fact = str | BindParameter[str]


class Viewer(Protocol):
    """The facts that decide which rows exist: a caller's, or parameters in place of them in a prepared statement."""

    @property
    def organization_id(self) -> _Fact:
        """The tenant; empty for nobody."""

    @property
    def principal_id(self) -> _Fact | None:
        """The user, if it is one."""

    @property
    def integration_id(self) -> _Fact | None:
        """The app, where a token of an app is used."""

    @property
    def token_id(self) -> _Fact | None:
        """The token, where one is used."""

    @property
    def subject(self) -> _Fact | None:
        """The subject of its memberships in other organizations, where it reaches those too."""

    @property
    def is_admin(self) -> bool:
        """Whether restricted integrations exist too."""


def visible(viewer: Viewer, model: Any) -> Conditions:
    """Conditions on `model` that leave the rows that exist for this viewer.

    Raises LookupError for a table without a rule: a forgotten one is read by nobody.
    """
    rule = _RULES.get(model) or _RULES.get(getattr(model, "scope", None))
    if rule is None:
        raise LookupError(f"{model.__name__} has neither a scope nor a rule of its own, so callers do not read it.")
    return rule(viewer, model)


def living(viewer: Viewer, model: Any) -> Select[Any]:
    """The rows of `model` that exist for this viewer."""
    return select(model).where(*visible(viewer, model))


def accessible(viewer: Viewer, *, least: int = 1) -> ColumnElement[bool]:
    """The access predicate on integrations: open to all, or owned by or shared with me or a team of mine.

    `least` 2 asks for a share that lets change.
    """
    if viewer.is_admin:
        return true()
    shared = exists().where(
        col(Share.integration_id) == col(Integration.id),
        _is_me(viewer, Share.principal_id),
        col(Share.access_level) >= least,
    )
    return or_(
        col(Integration.access) == IntegrationAccess.ORGANIZATION,
        _is_me(viewer, Integration.owner_id),
        shared,
        col(Integration.id) == viewer.integration_id,
    )


def acting(subject: str | BindParameter[str]) -> Conditions:
    """The principals, one in each organization, as which somebody with this subject may act."""
    return [
        col(Principal.subject) == subject,
        col(Principal.kind) == PrincipalKind.USER,
        col(Principal.disabled_at).is_(None),
    ]


def own_integrations(viewer: Viewer) -> Conditions:
    """Living integrations that the caller's organization owns and the caller may see."""
    return [
        col(Integration.organization_id) == viewer.organization_id,
        col(Integration.removed_at).is_(None),
        accessible(viewer),
    ]


def _is_me(viewer: Viewer, column: Any) -> ColumnElement[bool]:
    if viewer.principal_id is None:
        return false()
    teams = select(col(TeamMember.team_id)).where(col(TeamMember.user_id) == viewer.principal_id)
    mine = or_(col(column) == viewer.principal_id, col(column).in_(teams))
    return and_(col(column).is_not(None), mine)  # false, not unknown, so that it can be negated


def living_and_removed(viewer: Viewer) -> Conditions:
    """Integrations that exist for the caller, and those of its organization whose deletion has begun or ended."""
    own = and_(col(Integration.organization_id) == viewer.organization_id, accessible(viewer))
    return [or_(own, and_(*_integrations(viewer, Integration)))]


def _integrations(viewer: Viewer, _model: Any) -> Conditions:
    installed = select(col(Installation.integration_id)).where(
        col(Installation.organization_id) == viewer.organization_id
    )
    foreign = and_(col(Integration.organization_id) != viewer.organization_id, col(Integration.id).in_(installed))
    return [
        col(Integration.removed_at).is_(None),
        or_(and_(col(Integration.organization_id) == viewer.organization_id, accessible(viewer)), foreign),
    ]


def _of_visible_integrations(viewer: Viewer, model: Any) -> Conditions:
    return [model.integration_id.in_(select(col(Integration.id)).where(*_integrations(viewer, Integration)))]


def _installations(viewer: Viewer, _model: Any) -> Conditions:
    published = select(col(Integration.id)).where(*own_integrations(viewer))
    mine = and_(
        col(Installation.organization_id) == viewer.organization_id,
        *_of_visible_integrations(viewer, Installation),
    )
    return [or_(mine, col(Installation.integration_id).in_(published))]


def _connections(viewer: Viewer, _model: Any) -> Conditions:
    mine = col(Connection.organization_id) == viewer.organization_id
    if viewer.is_admin:
        return [mine]
    shared = col(Connection.mode) == ConnectionMode.SHARED
    return [mine, or_(shared, col(Connection.principal_id) == viewer.principal_id)]


def _connect_sessions(viewer: Viewer, _model: Any) -> Conditions:
    """Those that one has made, and those that are for oneself."""
    mine = col(ConnectSession.organization_id) == viewer.organization_id
    if viewer.is_admin:
        return [mine]
    own = []
    if viewer.token_id is not None:
        own.append(col(ConnectSession.created_by_token) == viewer.token_id)
    if viewer.principal_id is not None:
        own += [
            col(ConnectSession.created_by) == viewer.principal_id,
            col(ConnectSession.principal_id) == viewer.principal_id,
        ]
    return [mine, or_(false(), *own)]


def _history(viewer: Viewer, model: Any) -> Conditions:
    """History outlives what it names, but a restricted integration's is hidden with it."""
    mine = model.organization_id == viewer.organization_id
    if viewer.is_admin:
        return [mine]
    hidden = select(col(Integration.id)).where(
        col(Integration.organization_id) == viewer.organization_id, not_(accessible(viewer))
    )
    return [mine, or_(model.integration_id.is_(None), model.integration_id.not_in(hidden))]


def _jobs(viewer: Viewer, _model: Any) -> Conditions:
    """A restricted integration's work is hidden with it; the hub's own is nobody's."""
    mine = col(Job.organization_id) == viewer.organization_id
    if viewer.is_admin:
        return [mine]
    hidden = select(col(Integration.id)).where(
        col(Integration.organization_id) == viewer.organization_id, not_(accessible(viewer))
    )
    return [mine, or_(col(Job.subject_id).is_(None), col(Job.subject_id).not_in(hidden))]


def _tokens(viewer: Viewer, _model: Any) -> Conditions:
    mine = col(Token.organization_id) == viewer.organization_id
    if viewer.is_admin:
        return [mine]
    own = [col(Token.id) == viewer.token_id]
    if viewer.principal_id is not None:
        own += [col(Token.principal_id) == viewer.principal_id, col(Token.created_by) == viewer.principal_id]
    return [mine, or_(*own)]


def _definitions(viewer: Viewer, _model: Any) -> Conditions:
    owner = col(Definition.organization_id)
    return [or_(owner.is_(None), owner == viewer.organization_id)]


def _organizations(viewer: Viewer, _model: Any) -> Conditions:
    own = col(Organization.id) == viewer.organization_id
    if viewer.subject is None:
        return [own]
    return [or_(own, col(Organization.id).in_(select(col(Principal.organization_id)).where(*acting(viewer.subject))))]


def _shares(viewer: Viewer, _model: Any) -> Conditions:
    return [col(Share.organization_id) == viewer.organization_id, *_of_visible_integrations(viewer, Share)]


def _of_the_organization(viewer: Viewer, model: Any) -> Conditions:
    return [model.organization_id == viewer.organization_id]


#: The rule of each scope that a table may declare, and those of tables that have one of their own.
_RULES: dict[Any, Callable[[Viewer, Any], Conditions]] = {
    Scope.HISTORY: _history,
    Scope.INTEGRATION: _of_visible_integrations,
    Scope.ORGANIZATION: _of_the_organization,
    Connection: _connections,
    ConnectSession: _connect_sessions,
    Definition: _definitions,
    Installation: _installations,
    Integration: _integrations,
    Job: _jobs,
    Organization: _organizations,
    Share: _shares,
    Token: _tokens,
}
