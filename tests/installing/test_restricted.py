"""Installations of a restricted app in its own organization: those who manage the app change them."""

from __future__ import annotations

import pytest
from sqlmodel import col, select

from models.errors import Forbidden
from models.tables import Installation, Integration, Share
from models.vocabulary import IntegrationAccess, Permission
from resolvers.access import MANAGE
from resolvers.installations.address import InstallationAddress, PlaceAddress
from resolvers.installations.mutations import UpdateInstallation, uninstall_integration, update_installation
from resolvers.installations.places import SaveInstallationPlace, save_installation_place
from resolvers.people.installation_token import create_installation_token
from tests.harness.backends import both
from tests.harness.publications import plant, set_columns


@both
async def test_a_restricted_app_is_changed_at_home_by_those_who_manage_it(market, database) -> None:
    async with database.read() as session:
        of_the_app = select(Installation).where(col(Installation.integration_id) == market.app.id)
        home = InstallationAddress(id=(await session.execute(of_the_app)).scalar_one().id)
    user = await market.publisher.add_user("reader")
    await set_columns(database, Integration, market.app.id, access=IntegrationAccess.RESTRICTED)
    own = {"organization_id": market.publisher.id, "integration_id": market.app.id}
    await plant(database, share := Share(principal_id=user, access_level=MANAGE - 1, **own))
    most = tuple(set(Permission) - {Permission.ORGANIZATION_ADMIN})
    caller = market.caller(market.publisher, most, principal_id=user)
    place = PlaceAddress(installation=home, place_id=share.id)

    for call in (
        update_installation(caller, UpdateInstallation(id=home.id)),
        update_installation(caller, UpdateInstallation(id=home.id, paused=True)),
        save_installation_place(caller, SaveInstallationPlace(place=place)),
        create_installation_token(caller, home),
        uninstall_integration(caller, home),
    ):
        with pytest.raises(Forbidden, match="MANAGE share"):
            await market.hub.run(call)

    await set_columns(database, Share, share.id, access_level=MANAGE)
    assert (await market.hub.run(create_installation_token(caller, home))).secret
    assert await market.hub.run(uninstall_integration(caller, home)) == home.id
