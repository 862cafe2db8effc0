"""A published app of the second organization, installed on the first one and enabled on its space and its site."""

from __future__ import annotations

from typing import Final

from models.vocabulary import PublicationVisibility
from resolvers.caller import Caller
from resolvers.find import IntegrationRef
from resolvers.installations.address import InstallationAddress, PlaceAddress
from resolvers.installations.mutations import InstallIntegration, install_integration
from resolvers.installations.places import SaveInstallationPlace, save_installation_place
from resolvers.publishing.manifest import GivenFile, PublishIntegration
from resolvers.publishing.mutations import publish_integration

NAME: Final = "stock-card"
_SCRIPT: Final = b"""export default function show(element, item) {
  element.textContent = `${item.name}: ${item.quantity} in stock`;
}
"""


async def publish_app(publisher: Caller, installer: Caller, places: tuple[str, ...]) -> dict[str, str]:
    """Publish the app, install it and enable it on the places. Answers its name and the installation's id."""
    await publish_integration(publisher, _manifest())
    new = InstallIntegration(integration=IntegrationRef(published_name=NAME), configuration={"warehouse": "North"})
    installed = await install_integration(installer, new)
    here = InstallationAddress(id=installed.installation.id)
    for place_id in places:
        place = PlaceAddress(installation=here, place_id=place_id)
        await save_installation_place(installer, SaveInstallationPlace(place=place))
    return {"publishedApp": NAME, "installation": installed.installation.id}


def _manifest() -> PublishIntegration:
    warehouse = {"type": "string", "title": "Warehouse", "description": "The warehouse to show."}
    return PublishIntegration(
        name=NAME,
        title="Stock card",
        description="Shows on a page how many pieces of an item are in stock.",
        summary="# Stock card\n\nAn app of another organization, for you to see how an installed one looks.",
        visibility=PublicationVisibility.PUBLIC,
        scopes=["space:content:read", "site:metadata:read", "site:script:inject"],
        categories=["content"],
        blocks=[{"id": "stock", "title": "Stock", "description": "The stock of one item."}],
        configurations={"account": {"properties": {"warehouse": warehouse}, "required": ["warehouse"]}},
        content_security_policy={"default-src": "'self'"},
        script=GivenFile(content=_SCRIPT),
    )
