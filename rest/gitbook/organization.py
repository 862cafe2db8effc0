"""Organizations, spaces, sites and users in this vendor's form.

Facts that the hub has no use for come from the free facts of an organization (`customFields`) or a place (`details`),
under the vendor's own names.
"""

from __future__ import annotations

from typing import Final

from models.tables import Organization, Place, Principal
from models.vocabulary import PlaceKind
from rest.gitbook.facts import (
    Json,
    address,
    emoji,
    flag,
    granted,
    location,
    number,
    page,
    text,
    texts,
    time,
    title,
    word,
)
from rest.gitbook.words import (
    EDIT_MODES,
    LEVELS,
    ORGANIZATION_PERMISSIONS,
    ORGANIZATION_TYPES,
    SITE_PERMISSIONS,
    SITE_TYPES,
    SITE_VISIBILITIES,
    SPACE_PERMISSIONS,
    SPACE_VISIBILITIES,
)
from rest.kit import Asked, without_nulls

_LONGEST_ORGANIZATION, _LONGEST_SPACE, _LONGEST_SITE = 255, 50, 128
_LEAST_HOSTNAME, _MOST_HOSTNAME = 3, 32
#: The hub sells nothing.
_PLAN: Final = "free_2024"
_TRIAL: Final = {"status": "notapplicable", "count": 0}


def organization(row: Organization, asked: Asked) -> Json:
    """An organization. Its free facts are shown to its own people only."""
    facts = row.custom_fields if row.id == asked.caller.organization_id else {}
    return without_nulls(
        {
            "object": "organization",
            "id": row.id,
            "title": title(row.name, _LONGEST_ORGANIZATION),
            "createdAt": time(row.created_at),
            "emailDomains": texts(facts, "emailDomains"),
            "hostname": row.slug if _LEAST_HOSTNAME <= len(row.slug) <= _MOST_HOSTNAME else None,
            "type": word(facts, "type", ORGANIZATION_TYPES) or ORGANIZATION_TYPES[0],
            "inviteLinks": flag(facts, "inviteLinks"),
            "plan": _PLAN,
            "mergeRules": {"type": "none"},
            "trial": _TRIAL,
            "urls": {"location": location(asked, "orgs", row.id), "app": page(asked)},
            "permissions": granted(asked, row.id, ORGANIZATION_PERMISSIONS),
        }
    )


def user(who: Principal, asked: Asked) -> Json:
    """The user of the token."""
    return without_nulls(
        {
            "object": "user",
            "id": who.id,
            "displayName": who.display_name,
            "email": who.email,
            "urls": {"location": location(asked, "user")},
        }
    )


def place(row: Place, asked: Asked) -> Json:
    """A space or a site."""
    return (space if row.kind is PlaceKind.SPACE else site)(row, asked)


def space(row: Place, asked: Asked) -> Json:
    """A space. Its revision is named by the time of its last change unless its details name it."""
    facts = row.details
    urls = {
        "published": address(facts, "published"),
        "public": address(facts, "public"),
        "icon": address(facts, "icon"),
    }
    return without_nulls(
        {
            "object": "space",
            "id": row.id,
            "title": title(row.name, _LONGEST_SPACE, 0),
            "emoji": emoji(facts),
            "visibility": word(facts, "visibility", SPACE_VISIBILITIES) or "private",
            "createdAt": time(row.created_at),
            "updatedAt": time(row.updated_at),
            "editMode": word(facts, "editMode", EDIT_MODES),
            "organization": row.organization_id,
            "revision": text(facts, "revision") or f"{row.updated_at:x}",
            "defaultLevel": word(facts, "defaultLevel", LEVELS) or "inherit",
            **{name: number(facts, name) for name in _COUNTS},
            "mergeRules": {"type": "inherit"},
            "urls": without_nulls({"location": location(asked, "spaces", row.id), "app": page(asked), **urls}),
            "permissions": granted(asked, row.organization_id, SPACE_PERMISSIONS),
        }
    )


def site(row: Place, asked: Asked) -> Json:
    """A site. Without a preview's address in its details, the one of this API stands there."""
    facts = row.details
    kind = word(facts, "type", SITE_TYPES) or SITE_TYPES[0]
    own = location(asked, "orgs", row.organization_id, "sites", row.id)
    return {
        "object": "site",
        "id": row.id,
        "type": kind,
        "appliedType": word(facts, "appliedType", SITE_TYPES) or kind,
        "title": title(row.name, _LONGEST_SITE),
        "visibility": word(facts, "visibility", SITE_VISIBILITIES) or "public",
        "defaultLevel": word(facts, "defaultLevel", LEVELS) or "inherit",
        "published": flag(facts, "published"),
        "createdAt": time(row.created_at),
        "siteSpaces": number(facts, "siteSpaces"),
        "features": [],
        "urls": without_nulls(
            {
                "location": own,
                "app": page(asked),
                "published": address(facts, "published"),
                "preview": address(facts, "preview") or own,
            }
        ),
        "permissions": granted(asked, row.organization_id, SITE_PERMISSIONS),
    }


_COUNTS: Final = ("comments", "changeRequests", "changeRequestsOpen", "changeRequestsDraft")
