"""Access: the predicate on integrations, and the facts of a viewer that decide it and the scopes of all tables."""

from __future__ import annotations

from typing import Any, Final, Protocol

from sqlalchemy import BindParameter, ColumnElement, Select, and_, exists, false, or_, select, true
from sqlmodel import col

from models.tables import Installation, Integration, Share, TeamMember
from models.vocabulary import IntegrationAccess

#: The level of a share that permits changes.
MANAGE: Final = 2
_Fact = str | BindParameter[str]


class Viewer(Protocol):
    """The facts that decide which rows exist: of a caller, or as parameters of a prepared statement."""

    @property
    def organization_id(self) -> _Fact:
        """The tenant; empty for nobody."""

    @property
    def principal_id(self) -> _Fact | None:
        """The user; None for a token without one."""

    @property
    def integration_id(self) -> _Fact | None:
        """The app, for a token of an app."""

    @property
    def installation_id(self) -> _Fact | None:
        """The installation, for a token of one: no rows exist but its own (`resolvers/reach.py`)."""

    @property
    def narrowed_by(self) -> _Fact | None:
        """The maker of an app's token, if its app exists for the token only as far as for the maker."""

    @property
    def token_id(self) -> _Fact | None:
        """The token; None without one."""

    @property
    def subject(self) -> _Fact | None:
        """The subject of its memberships in other organizations; None if it does not reach them."""

    @property
    def is_admin(self) -> bool:
        """Whether restricted integrations exist too."""

    @property
    def acted_by(self) -> Viewer | None:
        """The viewer with the token, if this one is a user that it acts for."""


def accessible(viewer: Viewer, *, least: int = 1) -> ColumnElement[bool]:
    """The access predicate on integrations: open to all, or owned by or shared with the viewer or one of its teams.

    `least` 2 asks for a share that permits changes. Whoever acts for a user needs the access as well as the user. The
    token of an installation reaches the installed app only.
    """
    if viewer.installation_id is not None:
        return col(Integration.id).in_(app_of(viewer.installation_id))
    if viewer.acted_by is not None:
        return and_(_accessible(viewer, least), accessible(viewer.acted_by, least=least))
    return _accessible(viewer, least)


def _accessible(viewer: Viewer, least: int) -> ColumnElement[bool]:
    if viewer.is_admin:
        return true()
    return or_(
        col(Integration.access) == IntegrationAccess.ORGANIZATION,
        held(viewer.principal_id, least=least),
        _is_own_app(viewer, least),
    )


def app_of(installation_id: _Fact) -> Select[Any]:
    """The id of the app that is installed by this installation."""
    return select(col(Installation.integration_id)).where(col(Installation.id) == installation_id)


def held(principal_id: _Fact | None, *, least: int) -> ColumnElement[bool]:
    """Whether an integration is owned by a user or one of its teams, or shared with one of them at this level."""
    shared = exists().where(
        col(Share.integration_id) == col(Integration.id),
        _is_of(principal_id, Share.principal_id),
        col(Share.access_level) >= least,
    )
    return or_(_is_of(principal_id, Integration.owner_id), shared)


def is_fact(own: _Fact | None, column: Any) -> ColumnElement[bool]:
    """Whether a column has this fact of a viewer; false for a fact that the viewer lacks."""
    return false() if own is None else col(column) == own


def _is_own_app(viewer: Viewer, least: int) -> ColumnElement[bool]:
    """Whether an integration is the app of the viewer's token, and its maker may still do as much there."""
    if viewer.integration_id is None:
        return false()
    own = col(Integration.id) == viewer.integration_id
    return own if viewer.narrowed_by is None else and_(own, held(viewer.narrowed_by, least=least))


def _is_of(principal_id: _Fact | None, column: Any) -> ColumnElement[bool]:
    if principal_id is None:
        return false()
    teams = select(col(TeamMember.team_id)).where(col(TeamMember.user_id) == principal_id)
    mine = or_(col(column) == principal_id, col(column).in_(teams))
    return and_(col(column).is_not(None), mine)  # false, not unknown, so that it can be negated
