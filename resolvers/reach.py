"""Apps within reach of a caller: integrations, publications and installations. Other scopes rest on these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, or_, select
from sqlmodel import col

from models.tables import (
    Event,
    ExternalId,
    Installation,
    InstallationPlace,
    Integration,
    Organization,
    Place,
    Publication,
    Token,
)
from models.vocabulary import PublicationVisibility
from resolvers.access import Viewer, accessible

Conditions = Sequence[ColumnElement[bool]]


def own_integrations(viewer: Viewer) -> Conditions:
    """Integrations that the viewer's organization owns and the viewer may see, without removed ones."""
    return [
        col(Integration.organization_id) == viewer.organization_id,
        col(Integration.removed_at).is_(None),
        accessible(viewer),
        *_of_the_installation(viewer),
    ]


def living_and_removed(viewer: Viewer) -> Conditions:
    """Integrations that exist for the caller, and those of its organization whose deletion has begun or ended."""
    own = and_(
        col(Integration.organization_id) == viewer.organization_id,
        accessible(viewer),
        *_of_the_installation(viewer),
    )
    return [or_(own, and_(*integrations(viewer, Integration)))]


def integrations(viewer: Viewer, _model: Any) -> Conditions:
    """The organization's own that the viewer may see, and others' that are installed on it."""
    installed = select(col(Installation.integration_id)).where(
        col(Installation.organization_id) == viewer.organization_id
    )
    foreign = and_(col(Integration.organization_id) != viewer.organization_id, col(Integration.id).in_(installed))
    return [
        col(Integration.removed_at).is_(None),
        or_(and_(col(Integration.organization_id) == viewer.organization_id, accessible(viewer)), foreign),
        *_of_the_actor(viewer),
        *_of_the_installation(viewer),
    ]


def _of_the_actor(viewer: Viewer) -> Conditions:
    """Acting for a user, a token of an app reaches that app only."""
    app = None if viewer.acted_by is None else viewer.acted_by.integration_id
    return [] if app is None else [col(Integration.id) == app]


def _of_the_installation(viewer: Viewer) -> Conditions:
    """The token of an installation reaches the app that it is of, and no other."""
    if viewer.installation_id is None:
        return []
    return [col(Integration.id).in_(_app_of(viewer.installation_id))]


def _app_of(installation_id: Any) -> Select[Any]:
    return select(col(Installation.integration_id)).where(col(Installation.id) == installation_id)


def of_visible_integrations(viewer: Viewer, model: Any) -> Conditions:
    """Rows of a table with `integration_id` whose integration exists for the viewer."""
    return [model.integration_id.in_(select(col(Integration.id)).where(*integrations(viewer, Integration)))]


def installations(viewer: Viewer, _model: Any) -> Conditions:
    """Those on the viewer's organization, and those of its own apps on others; for an app's token, of that app."""
    published = select(col(Integration.id)).where(*own_integrations(viewer))
    app = (viewer if viewer.acted_by is None else viewer.acted_by).integration_id
    if app is not None:
        published = published.where(col(Integration.id) == app)
    mine = and_(
        col(Installation.organization_id) == viewer.organization_id,
        *of_visible_integrations(viewer, Installation),
    )
    return [or_(mine, col(Installation.integration_id).in_(published))]


def of_visible_installations(viewer: Viewer, model: Any) -> Conditions:
    """Rows of a table with `installation_id` whose installation exists for the viewer."""
    return [model.installation_id.in_(select(col(Installation.id)).where(*installations(viewer, Installation)))]


def published_apps(viewer: Viewer) -> Conditions:
    """Integrations that are seen as apps, whether or not they exist for the viewer as integrations.

    For statements that join Integration with its Publication. They are the public ones for everybody, and for all but
    the token of an installation the unlisted ones of other organizations. What belongs to an integration does not
    exist by this: that takes an installation, or access to it in its own organization.
    """
    public = col(Publication.visibility) == PublicationVisibility.PUBLIC
    living = col(Integration.removed_at).is_(None)
    if viewer.installation_id is not None:
        return [living, public]
    unlisted = and_(
        col(Integration.organization_id) != viewer.organization_id,
        col(Publication.visibility) == PublicationVisibility.UNLISTED,
        *_of_the_actor(viewer),
    )
    return [living, or_(public, unlisted)]


def publications(viewer: Viewer, _model: Any) -> Conditions:
    """Those of the integrations that exist for the viewer, the public ones of anybody, and of others the unlisted."""
    foreign = and_(
        col(Publication.organization_id) != viewer.organization_id,
        col(Publication.visibility) != PublicationVisibility.PRIVATE,
    )
    public = col(Publication.visibility) == PublicationVisibility.PUBLIC
    return [or_(public, foreign, *of_visible_integrations(viewer, Publication))]


def of_installation(viewer: Viewer, model: Any) -> Conditions:
    """The rows that exist for the token of an installation, whatever its permissions.

    They are the installation, its places, external ids and events that the app may see; the app's integration and
    publication; the token itself, and the names of its organization; and the publications that are public, as for
    everybody. There are no other rows.
    """
    here = viewer.installation_id
    places = select(col(InstallationPlace.place_id)).where(col(InstallationPlace.installation_id) == here)
    public = col(Publication.visibility) == PublicationVisibility.PUBLIC
    rules: dict[Any, Conditions] = {
        Event: [col(Event.installation_id) == here, col(Event.app_visible).is_(True)],
        ExternalId: [col(ExternalId.installation_id) == here],
        Installation: [col(Installation.id) == here],
        InstallationPlace: [col(InstallationPlace.installation_id) == here],
        Integration: [col(Integration.removed_at).is_(None), col(Integration.id).in_(_app_of(here))],
        Organization: [col(Organization.id) == viewer.organization_id],
        Place: [col(Place.id).in_(places)],
        Publication: [or_(public, col(Publication.integration_id).in_(_app_of(here)))],
        Token: [col(Token.id) == viewer.token_id],
    }
    return rules.get(model, [false()])
