"""How to call operations and root fields about installations, their places and their tokens."""

from __future__ import annotations

from typing import Any

from models.database import Database
from models.tables import Installation, Place
from models.vocabulary import Permission, PlaceKind, Selection
from resolvers.find import IntegrationRef
from resolvers.installations.address import InstallationAddress, PlaceAddress
from resolvers.installations.app_queries import AppInstallations, AppPlaces, InstallationPlaces
from resolvers.installations.enabling import Everywhere
from resolvers.installations.places import SaveInstallationPlace
from resolvers.installations.rechecking import Recheck
from resolvers.page import SliceRequest
from schema.kit.ids import global_id
from tests.harness.estate import Estate
from tests.harness.matrix import Call, Foreign
from tests.harness.publications import plant, publication_of, set_columns
from tests.harness.roles import Right

_PAGE = SliceRequest(size=100, count=True)
_WRITE = Permission.INSTALLATIONS_WRITE


def _address(e: Estate) -> InstallationAddress:
    return InstallationAddress(id=e.installation.id)


def _place(e: Estate) -> PlaceAddress:
    return PlaceAddress(installation=_address(e), place_id=e.things["place"].id)


def _app(e: Estate) -> IntegrationRef:
    return IntegrationRef(id=e.integration.id)


def _on_place(e: Estate) -> dict[str, Any]:
    return {
        "installationId": global_id("Installation", e.installation.id),
        "placeId": global_id("Place", e.things["place"].id),
    }


def _database(e: Estate) -> Database:
    return e.hub.app.state.hub.database


async def _open_to_all_spaces(e: Estate) -> None:
    """With a space on which it is not enabled yet."""
    space = Place(organization_id=e.tenant.id, kind=PlaceKind.SPACE, name="New", name_key="new")
    await e.hub.run(plant(_database(e), space))
    await e.hub.run(set_columns(_database(e), Installation, e.installation.id, space_selection=Selection.ALL))


async def _ask_for_a_team(e: Estate) -> None:
    """Published since, with a schema that the installation does not satisfy."""
    schema = {"properties": {"team": {"type": "string"}}, "required": ["team"]}
    await e.hub.run(plant(_database(e), publication_of(e.integration, account=schema)))


CALLS: dict[str, Call] = {
    "uninstall_integration": Call(given=lambda e: (_address(e),), audits=("installation.uninstalled",)),
    "read_app_installation": Call(given=lambda e: (_address(e),)),
    "list_app_installations": Call(given=lambda e: (AppInstallations(app=_app(e)), _PAGE)),
    "list_installation_places": Call(
        given=lambda e: (InstallationPlaces(installation=_address(e), kind=PlaceKind.SPACE), _PAGE)
    ),
    "read_installation_place": Call(given=lambda e: (_place(e),)),
    "list_app_places": Call(given=lambda e: (AppPlaces(app=_app(e), kind=PlaceKind.SPACE), _PAGE)),
    "save_installation_place": Call(
        given=lambda e: (SaveInstallationPlace(place=_place(e), configuration={"a": 1}, external_ids=("x",)),),
        audits=("installation_place.updated",),
    ),
    "remove_installation_place": Call(given=lambda e: (_place(e),), audits=("installation_place.deleted",)),
    "create_installation_token": Call(given=lambda e: (_address(e),), audits=("token.created",)),
    "enable_places": Call(
        given=lambda e: (Everywhere(kind=PlaceKind.SPACE, installation_id=e.installation.id),),
        foreign=Foreign.OWN,
        prepare=_open_to_all_spaces,
    ),
    "recheck_installations": Call(
        given=lambda e: (Recheck(integration_id=e.integration.id, version=1),),
        foreign=Foreign.OWN,
        prepare=_ask_for_a_team,
        audits=("installation.updated",),
    ),
}

ROOTS: dict[str, Call] = {
    "uninstallIntegration": Call(
        given=lambda e: {"installationId": e.installation.id}, right=Right.CHANGING, lacks=_WRITE
    ),
    "saveInstallationPlace": Call(
        given=lambda e: {"input": {**_on_place(e), "configuration": {"a": 1}}}, right=Right.CHANGING, lacks=_WRITE
    ),
    "removeInstallationPlace": Call(given=_on_place, right=Right.CHANGING, lacks=_WRITE),
    "createInstallationToken": Call(
        given=lambda e: {"installationId": e.installation.id}, right=Right.CHANGING, lacks=_WRITE
    ),
}
