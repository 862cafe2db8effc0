"""Lists of installations and places cost as many statements for 50 rows as for one."""

from __future__ import annotations

import pytest

from models.row import new_id
from models.tables import ExternalId, Installation, InstallationPlace, Organization, Place
from models.vocabulary import PlaceKind
from resolvers.find import IntegrationRef
from resolvers.installations.address import InstallationAddress
from resolvers.installations.app_queries import (
    AppInstallations,
    AppPlaces,
    InstallationPlaces,
    list_app_installations,
    list_app_places,
    list_installation_places,
)
from resolvers.page import SliceRequest
from tests.harness.publications import plant
from tests.harness.statements import counted

GRAPH = """query($first: Int!, $id: ID!) { node(id: $id) { ... on Installation {
    externalIds places(first: $first) { nodes { status externalIds configuration place { name } } } } } }"""


@pytest.fixture
async def crowded(market, database):
    """The app on 50 more organizations, and on 50 spaces of the installer, with external ids."""
    installed = await market.install()
    organizations = [Organization(name="O", slug=f"o-{new_id()}") for _ in range(50)]
    own = {"integration_id": market.app.id}
    installations = [Installation(organization_id=one.id, handler="APP", **own) for one in organizations]
    mine = {"organization_id": market.installer.id, "kind": PlaceKind.SPACE}
    places = [Place(name=f"{n}", name_key=f"{n}", **mine) for n in range(50)]
    rows = [
        InstallationPlace(installation_id=installed["databaseId"], place_id=one.id, **own, **mine) for one in places
    ]
    ids = [
        ExternalId(organization_id=one.organization_id, installation_id=one.id, value="x", position=0, **own)
        for one in installations
    ]
    for group in (organizations, installations, places, rows, ids):
        await plant(database, *group)
    return market, installed


async def test_statements_do_not_grow_with_the_rows(crowded) -> None:
    market, installed = crowded
    app = IntegrationRef(published_name=market.publication.name)
    address = InstallationAddress(id=installed["databaseId"], app=app)
    lists = [
        (list_app_installations, AppInstallations(app=app)),
        (list_app_places, AppPlaces(app=app, kind=PlaceKind.SPACE)),
        (list_installation_places, InstallationPlaces(installation=address, kind=PlaceKind.SPACE)),
    ]
    caller, database = market.caller(market.publisher), market.hub.app.state.hub.database

    for operation, wanted in lists:
        sent = {}
        for size in (1, 50):
            with counted(database) as statements:
                found = await market.hub.run(operation(caller, wanted, SliceRequest(size=size)))
            sent[size] = len(statements)
            assert len(found.rows) == size
        assert sent[1] == sent[50] <= 6, operation.facts.name


async def test_the_graph_reads_50_places_with_as_many_statements_as_one(crowded) -> None:
    market, installed = crowded
    sent = {}

    for size in (1, 50):
        with counted(market.hub.app.state.hub.database) as statements:
            answer = await market.installer.client.query(GRAPH, first=size, id=installed["id"])
        sent[size] = len(statements)
        assert len(answer["node"]["places"]["nodes"]) == size

    assert sent[1] == sent[50]
