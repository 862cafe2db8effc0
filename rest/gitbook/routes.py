"""Every path of the vendor's page, then those that its own command line and integrations call besides."""

from __future__ import annotations

from typing import Final

from models.errors import Stale
from models.vocabulary import PlaceKind, Source
from resolvers.apps.development import set_development_mode
from resolvers.apps.events import list_app_events, read_app_event
from resolvers.apps.tasks import queue_task
from resolvers.installations.app_queries import (
    list_app_installations,
    list_app_places,
    list_installation_places,
    read_app_installation,
    read_installation_place,
)
from resolvers.installations.mutations import install_integration, uninstall_integration, update_installation
from resolvers.installations.places import remove_installation_place, save_installation_place
from resolvers.people.installation_token import create_installation_token
from resolvers.people.reading import read_own_organization, read_place
from resolvers.people.viewer import read_user
from resolvers.publishing.enabled import list_place_apps, list_place_blocks
from resolvers.publishing.mutations import publish_integration
from resolvers.publishing.queries import list_published, read_published
from resolvers.publishing.scripts import list_site_scripts
from resolvers.publishing.statuses import list_app_statuses, read_app_status
from resolvers.publishing.withdraw import unpublish_integration
from rest.gitbook import errors, events, installations, integrations, manifest, organization, read, removed
from rest.gitbook.words import SCRIPT_SCOPES
from rest.kit import Delete, Dialect, Get, Patch, Post, Put, nothing

_SPACE, _SITE = PlaceKind.SPACE, PlaceKind.SITE
_ALL: Final = "/v1/integrations"
_APP: Final = f"{_ALL}/{{name}}"
_INSTALLATIONS: Final = f"{_APP}/installations"
_ONE: Final = f"{_INSTALLATIONS}/{{installation}}"
_ONE_SPACE: Final = f"{_ONE}/spaces/{{place}}"
_ONE_SITE: Final = f"{_ONE}/sites/{{place}}"
_ORG: Final = "/v1/orgs/{organization}"
_ORG_SITE: Final = f"{_ORG}/sites/{{place}}"
_ORG_SPACE: Final = "/v1/spaces/{place}"
#: 20 MB of script and pictures in base64, and room for more.
_PUBLISHING_BYTES: Final = 40 * 1024 * 1024

dialect = Dialect(
    name="gitbook",
    prefix="/gitbook",
    source=Source.GITBOOK,
    refuse=errors.refuse,
    places=errors.PLACES,
    statuses={Stale: 412},
    scripts=SCRIPT_SCOPES,
    endpoints=(
        Get(f"{_ORG_SPACE}/integrations", list_place_apps, read.place_apps(_SPACE), integrations.enabled),
        Get(
            f"{_ORG_SPACE}/integration-blocks",
            list_place_blocks,
            lambda asked: (asked.path["place"],),
            integrations.blocks,
        ),
        Get(_ALL, list_published, read.apps, integrations.integrations),
        Get(_APP, read_published, read.app, integrations.integration),
        Post(
            _APP,
            publish_integration,
            manifest.manifest,
            integrations.integration,
            where=read.organization_of_body,
            most_bytes=_PUBLISHING_BYTES,
        ),
        Delete(_APP, unpublish_integration, read.app, removed.integration, absent=removed.NOTHING),
        Get(_INSTALLATIONS, list_app_installations, read.installations, installations.installations),
        Post(
            _INSTALLATIONS,
            install_integration,
            read.new_installation,
            installations.installed,
            where=read.organization_of_body,
        ),
        Get(f"{_APP}/events", list_app_events, read.app_page, events.events),
        Get(f"{_APP}/events/{{event}}", read_app_event, read.event, events.event),
        Get(f"{_APP}/spaces", list_app_places, read.app_places(_SPACE), installations.places),
        Put(f"{_APP}/dev", set_development_mode, read.development, nothing, status=204),
        Delete(f"{_APP}/dev", set_development_mode, read.no_development, removed.emptied),
        Post(f"{_APP}/tasks", queue_task, read.task, nothing, status=204),
        Get(_ONE, read_app_installation, read.installation, installations.installation),
        Patch(_ONE, update_installation, read.change, installations.installation),
        Delete(_ONE, uninstall_integration, read.installation, removed.emptied, absent=removed.NOTHING),
        Post(f"{_ONE}/tokens", create_installation_token, read.installation, installations.token),
        Get(f"{_ONE}/spaces", list_installation_places, read.places(_SPACE), installations.places),
        Get(_ONE_SPACE, read_installation_place, read.place(_SPACE), installations.shown_place),
        Get(f"{_ONE}/sites", list_installation_places, read.places(_SITE), installations.places),
        Post(f"{_ONE}/sites", save_installation_place, read.new_place(_SITE, "siteId"), installations.enabled_place),
        Get(_ONE_SITE, read_installation_place, read.place(_SITE), installations.shown_place),
        Get(
            f"{_ORG}/integrations/{{name}}/installation_status",
            read_app_status,
            read.app,
            integrations.status,
            where=read.organization,
        ),
        Get(
            f"{_ORG}/integrations/installations-status",
            list_app_statuses,
            read.statuses,
            integrations.statuses,
            where=read.organization,
        ),
        Get(
            f"{_ORG_SITE}/integration-scripts",
            list_site_scripts,
            read.scripted_place,
            integrations.scripts,
            where=read.organization,
        ),
        Get(
            f"{_ORG_SITE}/integrations",
            list_place_apps,
            read.place_apps(_SITE),
            integrations.enabled,
            where=read.organization,
        ),
        Get("/v1/user", read_user, read.nothing, organization.user),
        Get(_ORG, read_own_organization, read.nothing, organization.organization, where=read.organization),
        Get(_ORG_SITE, read_place, read.whole_place(_SITE), organization.place, where=read.organization),
        Get(_ORG_SPACE, read_place, read.whole_place(_SPACE), organization.place),
        Post(f"{_ONE}/spaces", save_installation_place, read.new_place(_SPACE, "space"), installations.enabled_place),
        Patch(_ONE_SPACE, save_installation_place, read.place_change(_SPACE), installations.shown_place),
        Delete(_ONE_SPACE, remove_installation_place, read.place(_SPACE), removed.emptied, absent=removed.NOTHING),
        Patch(_ONE_SITE, save_installation_place, read.place_change(_SITE), installations.shown_place),
        Delete(_ONE_SITE, remove_installation_place, read.place(_SITE), removed.emptied, absent=removed.NOTHING),
    ),
)
