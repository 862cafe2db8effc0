"""How to call the operations that read the apps of an organization and of its places."""

from __future__ import annotations

from models.vocabulary import Permission, PlaceKind
from resolvers.find import IntegrationRef
from resolvers.page import SliceRequest
from resolvers.publishing.enabled import PlaceApps
from resolvers.publishing.places import PlaceRef
from resolvers.publishing.scripts import ScriptAddress, ScriptScopes
from resolvers.publishing.statuses import AppStatuses
from tests.harness.estate import Estate
from tests.harness.matrix import Call, Foreign

_PAGE = SliceRequest(size=100, count=True)
_SCOPES = ScriptScopes(inject=frozenset({"inject"}))


def _place(e: Estate, noun: str = "place") -> str:
    return e.things[noun].id


CALLS: dict[str, Call] = {
    "list_app_statuses": Call(given=lambda e: (AppStatuses(place_id=_place(e)), _PAGE)),
    "list_place_apps": Call(given=lambda e: (PlaceApps(kind=PlaceKind.SPACE, place_id=_place(e)),)),
    "list_place_blocks": Call(given=lambda e: (_place(e),)),
    "list_site_scripts": Call(given=lambda e: (_place(e, "site"), _SCOPES)),
    "read_app_status": Call(given=lambda e: (IntegrationRef(published_name=e.integration.id),)),
    "read_own_organization": Call(given=lambda e: (), foreign=Foreign.OWN),
    "read_place": Call(given=lambda e: (PlaceRef(id=_place(e)),), lacks=Permission.ORGANIZATION_READ),
    "read_script": Call(
        given=lambda e: (
            ScriptAddress(name="app", installation_id=e.installation.id, place_id=_place(e, "site")),
            _SCOPES,
        )
    ),
}
