"""The vendor's closed sets, of both published versions, and its words for those of the hub."""

from __future__ import annotations

from typing import Final

from models.vocabulary import (
    EventAppStatus,
    HubEvent,
    InstallationStatus,
    Permission,
    PlaceKind,
    PublicationTarget,
    PublicationVisibility,
    Selection,
)
from resolvers.publishing.scripts import ScriptScopes

CATEGORIES: Final = (
    "analytics",
    "captures",
    "collaboration",
    "content",
    "gitsync",
    "marketing",
    "visitor-auth",
    "other",
)
SCOPES: Final = (
    "snippets:read",
    "capture:write",
    "space:views:read",
    "space:content:read",
    "space:content:write",
    "space:metadata:read",
    "space:metadata:write",
    "space:script:inject",
    "space:script:cookies",
    "space:git:sync",
    "space:visitor:auth",
    "page:feedback:read",
    "site:metadata:read",
    "site:views:read",
    "site:script:inject",
    "site:script:cookies",
    "site:visitor:auth",
    "site:visitor:claims",
    "site:adaptive:read",
    "site:adaptive:write",
    "conversations:ingest",
    "openapi:read",
    "openapi:write",
)
#: An app with the first scope injects its script into sites; with the second, that may set cookies.
SCRIPT_SCOPES: Final = ScriptScopes(
    inject=frozenset({"site:script:inject"}), cookies=frozenset({"site:script:cookies"})
)
RUNTIMES: Final = ("v1", "v2")

VISIBILITIES: Final = {word.lower(): word for word in PublicationVisibility}
TARGETS: Final = {word.lower(): word for word in PublicationTarget}
SELECTIONS: Final = {word.lower(): word for word in Selection}
#: The vendor's `target` of a list of statuses. None: the organization itself.
STATUS_TARGETS: Final = {"organization": None, "space": PlaceKind.SPACE, "site": PlaceKind.SITE}

SHOWN_STATUS: Final = {
    InstallationStatus.ACTIVE: "active",
    InstallationStatus.PENDING: "pending",
    InstallationStatus.PAUSED: "paused",
    InstallationStatus.UNINSTALLING: "paused",
}
#: The vendor has two words: a delivery that was not needed or is under way counts as a success.
SHOWN_EVENT_STATUS: Final = {
    EventAppStatus.NONE: "success",
    EventAppStatus.PENDING: "success",
    EventAppStatus.SUCCEEDED: "success",
    EventAppStatus.FAILED: "failed",
}
#: Members of a space or site installation, by its kind.
PLACE_WORD: Final = {PlaceKind.SPACE: "space", PlaceKind.SITE: "site"}

SPACE_VISIBILITIES: Final = ("public", "unlisted", "share-link", "visitor-auth", "in-collection", "private")
SITE_VISIBILITIES: Final = ("public", "unlisted", "share-link", "visitor-auth")
SITE_TYPES: Final = ("basic", "premium", "ultimate", "sponsored", "legacy-basic", "legacy-premium")
LEVELS: Final = ("admin", "create", "edit", "review", "comment", "read", "inherit")
ORGANIZATION_TYPES: Final = ("business", "community")
EDIT_MODES: Final = ("live", "locked")

#: The vendor's type of an event about an installation. Those about places begin with `space_` or `site_`.
SHOWN_EVENT: Final = {
    HubEvent.INSTALLATION_CREATED: "installation_setup",
    HubEvent.INSTALLATION_CONFIGURED: "installation_setup",
    HubEvent.INSTALLATION_UNINSTALLED: "installation_deleted",
    HubEvent.PLACE_CONFIGURED: "installation_setup",
    HubEvent.PLACE_REMOVED: "installation_deleted",
    HubEvent.TASK_DUE: "task",
}

#: The vendor's permissions of a caller, by the permission of the hub that grants them.
ORGANIZATION_PERMISSIONS: Final = {
    "view": Permission.ORGANIZATION_READ,
    "access": Permission.ORGANIZATION_READ,
    "admin": Permission.ORGANIZATION_ADMIN,
    "ownTeam": Permission.ORGANIZATION_ADMIN,
    "createContent": Permission.ORGANIZATION_ADMIN,
    "createOpenAPISpec": Permission.INTEGRATIONS_WRITE,
    "viewBilling": Permission.ORGANIZATION_ADMIN,
    "listMembers": Permission.ORGANIZATION_READ,
    "listTeams": Permission.ORGANIZATION_READ,
    "listIntegrations": Permission.INTEGRATIONS_READ,
    "listInstallations": Permission.INSTALLATIONS_READ,
    "installIntegration": Permission.INSTALLATIONS_WRITE,
}
SPACE_PERMISSIONS: Final = {
    "view": Permission.ORGANIZATION_READ,
    "access": Permission.ORGANIZATION_READ,
    "admin": Permission.ORGANIZATION_ADMIN,
    "viewInviteLinks": Permission.ORGANIZATION_ADMIN,
    "edit": Permission.ORGANIZATION_ADMIN,
    "triggerGitSync": Permission.ORGANIZATION_ADMIN,
    "comment": Permission.ORGANIZATION_READ,
    "merge": Permission.ORGANIZATION_ADMIN,
    "review": Permission.ORGANIZATION_READ,
    "installIntegration": Permission.INSTALLATIONS_WRITE,
}
SITE_PERMISSIONS: Final = {
    "view": Permission.ORGANIZATION_READ,
    "access": Permission.ORGANIZATION_READ,
    "edit": Permission.ORGANIZATION_ADMIN,
    "create": Permission.ORGANIZATION_ADMIN,
    "admin": Permission.ORGANIZATION_ADMIN,
    "installIntegration": Permission.INSTALLATIONS_WRITE,
    "viewAdaptiveSchema": Permission.ORGANIZATION_READ,
    "editAdaptiveSchema": Permission.ORGANIZATION_ADMIN,
}
