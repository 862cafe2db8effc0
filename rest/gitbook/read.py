"""This vendor's requests, read as commands. The body of a publishing is read in `manifest`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, Final, TypeVar

from models.errors import InvalidInput
from models.vocabulary import PlaceKind
from resolvers.apps.development import SetDevelopmentMode
from resolvers.apps.events import AppEventRef
from resolvers.apps.tasks import QueueTask
from resolvers.find import IntegrationRef
from resolvers.installations.address import InstallationAddress, PlaceAddress
from resolvers.installations.app_queries import AppInstallations, AppPlaces, InstallationPlaces
from resolvers.installations.mutations import InstallIntegration, UpdateInstallation
from resolvers.installations.places import SaveInstallationPlace
from resolvers.page import SliceRequest
from resolvers.publishing.enabled import PlaceApps
from resolvers.publishing.places import PlaceRef
from resolvers.publishing.queries import PublicationFilter
from resolvers.publishing.scripts import ScriptScopes
from resolvers.publishing.statuses import AppStatuses
from resolvers.unset import UNSET, Unset, given
from rest.gitbook.lists import request as page_of
from rest.gitbook.words import CATEGORIES, SCOPES, SCRIPT_SCOPES, SELECTIONS, STATUS_TARGETS, TARGETS
from rest.kit import Asked, Members

T = TypeVar("T")

_HOST: Final = re.compile(r"[a-zA-Z0-9-_.]{1,100}")
_LONGEST_TUNNEL: Final = 256
_LONGEST_TASK_DELAY: Final = 86_400
_IF_MATCH: Final = re.compile(r'(?:W/)?"([0-9]{1,9})(?:-gzip)?"')


def nothing(asked: Asked) -> tuple[()]:
    """A request without parameters."""
    return ()


def organization(asked: Asked) -> str:
    """The organization of the path, in which the call acts."""
    return asked.path["organization"]


def organization_of_body(asked: Asked) -> str:
    """The organization of the body, in which the call acts. Raises InvalidInput if it is missing."""
    members = Members(asked.members())
    named = members.checked(members.required("organization"))
    if not named:
        raise InvalidInput.at("organization", "It must not be empty; give the id or the slug of an organization.")
    return named


def app(asked: Asked) -> tuple[IntegrationRef]:
    """The app of the path, by its published name."""
    return (ref(asked),)


def apps(asked: Asked) -> tuple[PublicationFilter, SliceRequest]:
    """The filters of both published versions."""
    domain = asked.single("blockDomain")
    if domain is not None and not _HOST.fullmatch(domain):
        raise InvalidInput.at("blockDomain", "It must be a host of at most 100 letters, digits, dots and dashes.")
    narrowed = PublicationFilter(
        search=asked.single("search"),
        category=asked.word("category", {word: word for word in CATEGORIES}),
        blocks=asked.flag("blocks"),
        block_domain=domain,
        content_sources=asked.flag("contentSources"),
        target=asked.word("target", TARGETS),
        scope=asked.word("scope", {word: word for word in SCOPES}),
        publisher=asked.single("owner"),
    )
    return narrowed, page_of(asked)


def app_page(asked: Asked) -> tuple[IntegrationRef, SliceRequest]:
    """A page of what belongs to the app."""
    return ref(asked), page_of(asked)


def event(asked: Asked) -> tuple[AppEventRef]:
    """One event of the app."""
    return (AppEventRef(app=ref(asked), id=asked.path["event"]),)


def development(asked: Asked) -> tuple[SetDevelopmentMode]:
    """`tunnelUrl` and `all`."""
    members = Members(asked.members())
    tunnel, everybody = members.required("tunnelUrl"), given(members.flag("all"), None)
    command = SetDevelopmentMode(app=ref(asked), tunnel_url=tunnel, all_organizations=everybody or False)
    members.checked(command)
    if not 1 <= len(tunnel) <= _LONGEST_TUNNEL:
        raise InvalidInput.at("tunnelUrl", f"It must have 1 to {_LONGEST_TUNNEL} characters.")
    return (command,)


def no_development(asked: Asked) -> tuple[SetDevelopmentMode]:
    """End development mode."""
    return (SetDevelopmentMode(app=ref(asked), tunnel_url=None),)


def task(asked: Asked) -> tuple[QueueTask]:
    """`task` and `schedule`, by default at once."""
    members = Members(asked.members())
    payload = members.object("task")
    if not isinstance(payload, dict):
        raise InvalidInput.at("task", "It is required and must be a JSON object.")
    return (members.checked(QueueTask(app=ref(asked), task=payload, delay_seconds=_seconds(asked))),)


def installations(asked: Asked) -> tuple[AppInstallations, SliceRequest]:
    """Those of the app, or the ones with an external id."""
    return AppInstallations(app=ref(asked), external_id=asked.single("externalId")), page_of(asked)


def installation(asked: Asked) -> tuple[InstallationAddress]:
    """The installation of the path, which must be of the app of the path."""
    return (address(asked),)


def new_installation(asked: Asked) -> tuple[InstallIntegration]:
    """Install the app in the organization of the body, in which the call acts."""
    return (InstallIntegration(integration=ref(asked)),)


def change(asked: Asked) -> tuple[UpdateInstallation]:
    """Present members replace their value; absent and null ones leave it."""
    members = Members(_present(asked))
    command = UpdateInstallation(
        id=asked.path["installation"],
        app=ref(asked),
        expected_version=_expected(asked),
        configuration=members.object("configuration"),
        space_selection=members.word("space_selection", SELECTIONS),
        site_selection=members.word("site_selection", SELECTIONS),
        external_ids=_external_ids(members),
    )
    return (members.checked(command),)


def app_places(kind: PlaceKind) -> Callable[[Asked], tuple[AppPlaces, SliceRequest]]:
    """The spaces or sites of the app's installations, or the ones with an external id of their own."""

    def read(asked: Asked) -> tuple[AppPlaces, SliceRequest]:
        extended(asked)
        return AppPlaces(app=ref(asked), kind=kind, external_id=asked.single("externalId")), page_of(asked)

    return read


def places(kind: PlaceKind) -> Callable[[Asked], tuple[InstallationPlaces, SliceRequest]]:
    """The spaces or sites of one installation."""

    def read(asked: Asked) -> tuple[InstallationPlaces, SliceRequest]:
        extended(asked)
        return InstallationPlaces(installation=address(asked), kind=kind), page_of(asked)

    return read


def place(kind: PlaceKind) -> Callable[[Asked], tuple[PlaceAddress]]:
    """The space or site of the path, of the installation of the path."""

    def read(asked: Asked) -> tuple[PlaceAddress]:
        extended(asked)
        return (_place(asked, kind, asked.path["place"]),)

    return read


def new_place(kind: PlaceKind, member: str) -> Callable[[Asked], tuple[SaveInstallationPlace]]:
    """The space or site that a member of the body names; `configuration` and `externalIds` may come along."""

    def read(asked: Asked) -> tuple[SaveInstallationPlace]:
        members = Members(_present(asked))
        extended(asked)
        return (members.checked(_saved(members, _place(asked, kind, members.required(member)))),)

    return read


def place_change(kind: PlaceKind) -> Callable[[Asked], tuple[SaveInstallationPlace]]:
    """As `change`, of one space or site."""

    def read(asked: Asked) -> tuple[SaveInstallationPlace]:
        members = Members(_present(asked))
        extended(asked)
        command = _saved(members, _place(asked, kind, asked.path["place"]), _expected(asked))
        return (members.checked(command),)

    return read


def whole_place(kind: PlaceKind) -> Callable[[Asked], tuple[PlaceRef]]:
    """The space or site of the path."""
    return lambda asked: (PlaceRef(kind=kind, id=asked.path["place"]),)


def place_apps(kind: PlaceKind) -> Callable[[Asked], tuple[PlaceApps]]:
    """The apps of the space or site of the path, by `search`."""
    return lambda asked: (PlaceApps(kind=kind, place_id=asked.path["place"], search=asked.single("search")),)


def scripted_place(asked: Asked) -> tuple[str, ScriptScopes]:
    """The site of the path, and the vendor's scopes of scripts."""
    return asked.path["place"], SCRIPT_SCOPES


def statuses(asked: Asked) -> tuple[AppStatuses, SliceRequest]:
    """Of the organization, or of its spaces or sites: `target`, `space`, `site`; and `search`."""
    target = asked.single("target") or "organization"
    kind = asked.word("target", STATUS_TARGETS)
    named = {"space": asked.single("space"), "site": asked.single("site")}
    for name, value in named.items():
        if value is not None and name != target:
            raise InvalidInput.at(name, f"Give it with target={name}, or leave it out.")
    narrowed = AppStatuses(search=asked.single("search"), kind=kind, place_id=named.get(target))
    return narrowed, page_of(asked)


def extended(asked: Asked) -> bool:
    """Whether spaces and sites are shown whole, in place of their ids."""
    return asked.flag("extended") or False


def ref(asked: Asked) -> IntegrationRef:
    """The app of the path, by its published name."""
    return IntegrationRef(published_name=asked.path["name"])


def address(asked: Asked) -> InstallationAddress:
    """The installation of the path, which must be of the app of the path."""
    return InstallationAddress(id=asked.path["installation"], app=ref(asked))


def _place(asked: Asked, kind: PlaceKind, place_id: str) -> PlaceAddress:
    return PlaceAddress(installation=address(asked), place_id=place_id, kind=kind)


def _saved(members: Members, place: PlaceAddress, version: int | Unset = UNSET) -> SaveInstallationPlace:
    return SaveInstallationPlace(
        place=place,
        configuration=members.object("configuration"),
        external_ids=_external_ids(members),
        expected_version=version,
    )


def _external_ids(members: Members) -> tuple[str, ...] | Unset:
    ids = members.text_list("externalIds")
    return tuple(ids) if isinstance(ids, list) else UNSET


def _present(asked: Asked) -> dict[str, Any]:
    """The members that are not null: this vendor's clients leave out what they do not change."""
    return {name: value for name, value in asked.members().items() if value is not None}


def _expected(asked: Asked) -> int | Unset:
    """The version of `If-Match` (RFC 9110 §13.1.1), as GET and PATCH answer it in `ETag`; UNSET for `*`."""
    tag = asked.headers.get("if-match", "*").strip()
    if tag == "*":
        return UNSET
    found = _IF_MATCH.fullmatch(tag)
    if found is None:
        raise InvalidInput.at("If-Match", "It must be the one ETag of the installation as it was read.")
    return int(found[1])


def _seconds(asked: Asked) -> float:
    value = asked.members().get("schedule")
    if value is None:
        return 0
    right = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not right or not 0 <= value <= _LONGEST_TASK_DELAY:
        raise InvalidInput.at("schedule", f"It must be a number of seconds from 0 to {_LONGEST_TASK_DELAY}.")
    return float(value)
