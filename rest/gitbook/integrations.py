"""Apps, their blocks and scripts, and their statuses in an organization, in this vendor's form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from models.tables import Publication
from models.vocabulary import InstallationStatus
from resolvers.page import BY_NAME_KEY, NEWEST_FIRST, Slice
from resolvers.publishing.enabled import AppBlocks
from resolvers.publishing.published import Published
from resolvers.publishing.scripts import SiteScript
from resolvers.publishing.statuses import AppStatus
from rest.gitbook.facts import Json, absolute, hub, location, page, served, title
from rest.gitbook.lists import listed
from rest.gitbook.organization import organization
from rest.gitbook.words import PLACE_WORD, SHOWN_STATUS
from rest.kit import Asked, without_nulls

_LONGEST_TITLE, _LONGEST_DESCRIPTION, _LONGEST_SUMMARY = 30, 100, 2048
_MOST_PREVIEWS = 3


def integrations(found: Slice[Published], asked: Asked) -> Json:
    """A page of public apps."""
    return listed(found, asked, integration, BY_NAME_KEY.position)


def enabled(found: Sequence[Published], asked: Asked) -> Json:
    """The apps of a space or site, all of them."""
    return {"items": [integration(one, asked) for one in found], "count": len(found)}


def integration(found: Published, asked: Asked) -> Json:
    """An app. One that is not published has the values of a first publishing, and no version yet."""
    row = found.integration
    return without_nulls(
        {
            "object": "integration",
            "name": found.name,
            "title": title(row.name, _LONGEST_TITLE),
            "description": row.description[:_LONGEST_DESCRIPTION],
            "summary": row.readme[:_LONGEST_SUMMARY],
            "previewImages": [absolute(asked, url) for url in found.preview_urls[:_MOST_PREVIEWS]],
            **_published(found.publication),
            "owner": organization(found.organization, asked),
            "urls": without_nulls(
                {
                    "location": location(asked, "integrations", found.name),
                    "app": page(asked),
                    "assets": f"{served(asked, found.name)}/",
                    "icon": found.icon_url and absolute(asked, found.icon_url),
                    **_endpoints(served(asked, found.name)),
                }
            ),
            "permissions": {"admin": found.is_admin},
        }
    )


def blocks(found: Sequence[AppBlocks], asked: Asked) -> list[Json]:
    """A plain array: each app with its blocks."""
    return [{"name": one.name, "blocks": list(one.blocks)} for one in found]


def scripts(found: Sequence[SiteScript], asked: Asked) -> list[Json]:
    """A plain array: the address of each script, and what a page must know to embed it."""
    return [
        without_nulls(
            {
                "script": hub(asked) + one.path,
                "contentSecurityPolicy": one.content_security_policy,
                "cookies": one.cookies,
            }
        )
        for one in found
    ]


def status(found: InstallationStatus, asked: Asked) -> Json:
    """The status of an app in the organization."""
    return {"status": SHOWN_STATUS[found]}


def statuses(found: Slice[AppStatus], asked: Asked) -> Json:
    """A page of the apps of an organization, or of a kind of places of it."""

    def one(each: AppStatus, asked: Asked) -> Json:
        return {
            "status": SHOWN_STATUS[each.status],
            "target": _target(each, asked),
            "integration": integration(each.published, asked),
        }

    return listed(found, asked, one, NEWEST_FIRST.position)


def _target(found: AppStatus, asked: Asked) -> Json:
    if found.place_id is None or found.kind is None:
        return {"type": "organization", "organizationId": asked.caller.organization_id}
    word = PLACE_WORD[found.kind]
    return {"type": word, f"{word}Id": found.place_id}


def _published(row: Publication | None) -> Json:
    """The members that come from the manifest."""
    if row is None:
        return _UNPUBLISHED
    return {
        "version": row.version,
        "target": row.target.lower(),
        "verified": row.verified,
        "visibility": row.visibility.lower(),
        "scopes": row.scopes,
        "categories": row.categories,
        "blocks": row.blocks,
        "contentSources": row.content_sources,
        "configurations": row.configurations,
        "externalLinks": row.external_links,
        "contentSecurityPolicy": row.content_security_policy,
    }


#: The values of an own app that is not published.
_UNPUBLISHED: Final[Json] = {
    "version": 0,
    "target": "all",
    "verified": False,
    "visibility": "private",
    "scopes": [],
    "categories": [],
    "blocks": [],
    "contentSources": [],
    "configurations": {},
    "externalLinks": [],
}


def _endpoints(address: str) -> Json:
    return {"publicEndpoint": address, "publicContentEndpoint": address}
