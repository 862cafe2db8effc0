"""Installations, and the spaces and sites on which they are enabled, in this vendor's form."""

from __future__ import annotations

from models.tables import Installation, InstallationPlace
from resolvers.installations.shown import AppInstallation, AppPlace
from resolvers.page import Slice
from resolvers.people.token import NewToken
from rest.gitbook.facts import Json, location, page, served, time
from rest.gitbook.lists import listed
from rest.gitbook.organization import place as whole_place
from rest.gitbook.read import extended
from rest.gitbook.words import PLACE_WORD, SHOWN_STATUS
from rest.kit import Asked, Reply


def installations(found: Slice[AppInstallation], asked: Asked) -> Json:
    """A page of installations, newest first."""
    return listed(found, asked, _installation, lambda one: (one.installation.id,))


def installation(found: AppInstallation, asked: Asked) -> Reply:
    """One installation, with an entity tag for `If-Match`."""
    return Reply.json(_installation(found, asked), headers=_tag(found.installation))


def installed(found: AppInstallation, asked: Asked) -> Reply:
    """A new installation, and its address."""
    shown = _installation(found, asked)
    headers = (("location", shown["urls"]["location"]), *_tag(found.installation))
    return Reply.json(shown, status=201, headers=headers)


def token(made: NewToken, asked: Asked) -> Json:
    """The text of a token, shown this once."""
    return {"token": made.secret}


def places(found: Slice[AppPlace], asked: Asked) -> Json:
    """A page of installations on spaces or sites, newest first."""
    return listed(found, asked, place, lambda one: (one.row.id,))


def place(found: AppPlace, asked: Asked) -> Json:
    """An installation on a space or site. With `extended=true` the place is the whole object, else its id."""
    name, word = _name(found), PLACE_WORD[found.place.kind]
    path = (found.installation.id, f"{word}s", found.place.id)
    endpoint = served(asked, name, *path)
    return {
        "integration": name,
        "installation": found.installation.id,
        "status": SHOWN_STATUS[found.status],
        "configuration": found.configuration,
        "externalIds": list(found.external_ids),
        "urls": {
            "location": location(asked, "integrations", name, "installations", *path),
            "publicEndpoint": endpoint,
            "publicContentEndpoint": endpoint,
        },
        word: whole_place(found.place, asked) if extended(asked) else found.place.id,
    }


def shown_place(found: AppPlace, asked: Asked) -> Reply:
    """As `place`, with an entity tag for `If-Match`."""
    return Reply.json(place(found, asked), headers=_tag(found.row))


def enabled_place(found: AppPlace, asked: Asked) -> Reply:
    """An installation on a space or site, and its address: 201 also if it was enabled there already."""
    shown = place(found, asked)
    headers = (("location", shown["urls"]["location"]), *_tag(found.row))
    return Reply.json(shown, status=201, headers=headers)


def _installation(found: AppInstallation, asked: Asked) -> Json:
    row, name = found.installation, _name(found)
    endpoint = served(asked, name, row.id)
    return {
        "id": row.id,
        "status": SHOWN_STATUS[row.status],
        "space_selection": row.space_selection.lower(),
        "site_selection": row.site_selection.lower(),
        "spaces": found.space_count,
        "configuration": found.configuration,
        "createdAt": time(row.created_at),
        "updatedAt": time(row.updated_at),
        "externalIds": list(found.external_ids),
        "target": {"organization": found.organization_id},
        "urls": {
            "location": location(asked, "integrations", name, "installations", row.id),
            "app": page(asked),
            "publicEndpoint": endpoint,
            "publicContentEndpoint": endpoint,
        },
    }


def _name(found: AppInstallation | AppPlace) -> str:
    """The name by which the app is addressed; its id if it is not published."""
    return found.integration.id if found.publication is None else found.publication.name


def _tag(row: Installation | InstallationPlace) -> tuple[tuple[str, str], ...]:
    return (("etag", f'"{row.version}"'),)
