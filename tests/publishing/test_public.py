"""Public apps exist for everybody with a token, as apps alone: in lists, by name and in the graph."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.database import Database
from models.errors import NotFound
from models.tables import Installation, Integration
from models.vocabulary import IntegrationAccess, Permission, PublicationVisibility
from resolvers.caller import Caller
from resolvers.find import IntegrationRef
from resolvers.installations.mutations import InstallIntegration, install_integration
from resolvers.page import SliceRequest
from resolvers.people.installation_token import GRANTED
from resolvers.publishing.published import Published
from resolvers.publishing.queries import PublicationFilter, list_published, read_published
from tests.harness.backends import both
from tests.harness.estate import caller_of
from tests.harness.publications import plant, set_columns
from tests.publishing.conftest import Publisher, app_name

PUBLIC = {"visibility": PublicationVisibility.PUBLIC, "scopes": ("space:content:read",)}
VIEWERS = ("installation", "installation at home", "colleague", "app for a user", "other")


async def three_apps(database: Database, publisher: Publisher) -> list[Published]:
    """Public apps, in the order of their names; by title it is the opposite one. The last one is restricted."""
    names = sorted(app_name() for _ in range(3))
    made = [await publisher.publish(name, **PUBLIC, title=f"Title {3 - at}") for at, name in enumerate(names)]
    access = IntegrationAccess.RESTRICTED
    await set_columns(database, Integration, made[2].integration.id, access=access)
    return made


async def installation_token(database: Database, at: Publisher, app: Published) -> Caller:
    """A caller with the token of an installation of an app."""
    installation = Installation(organization_id=at.tenant.id, integration_id=app.integration.id, handler="APP")
    await plant(database, installation)
    return caller_of(at.hub, at.tenant, GRANTED, principal_id=None, installation_id=installation.id)


async def viewer(
    kind: str, database: Database, publisher: Publisher, other: Publisher, apps: list[Published]
) -> Caller:
    """A caller for which at most the first app exists as an integration."""
    if kind == "installation":
        return await installation_token(database, other, apps[0])
    if kind == "installation at home":
        return await installation_token(database, publisher, apps[0])
    if kind == "other":
        return caller_of(other.hub, other.tenant)
    most = frozenset(Permission) - {Permission.ORGANIZATION_ADMIN}
    user = await publisher.tenant.add_user("colleague")
    colleague = caller_of(publisher.hub, publisher.tenant, most, principal_id=user)
    if kind == "colleague":
        return colleague
    app = replace(colleague, principal_id=None, integration_id=apps[0].integration.id)
    return replace(colleague, acted_by=app)


def facts(one: Published) -> tuple[str, str, int, list[str]]:
    """The facts that a list shows."""
    assert one.publication is not None
    return one.name, one.integration.name, one.publication.version, one.publication.scopes


@both
@pytest.mark.parametrize("kind", VIEWERS)
async def test_pages_have_each_public_app_once_with_its_facts(kind, database, publisher, other):
    apps = await three_apps(database, publisher)
    caller = await viewer(kind, database, publisher, other, apps)
    of, after, seen = PublicationFilter(publisher=publisher.tenant.slug), None, []

    for _ in apps:
        page = SliceRequest(size=1, after=after, count=True)
        found = await publisher.hub.run(list_published(caller, of, page))
        seen += found.rows
        after = (found.rows[-1].name_key, found.rows[-1].id)

    assert [facts(one) for one in seen] == [facts(one) for one in apps]
    assert (found.total, found.has_next) == (3, False)


@pytest.mark.parametrize("kind", VIEWERS)
async def test_reading_by_name_finds_the_listed_ones_and_no_others(kind, database, publisher, other):
    apps = await three_apps(database, publisher)
    hidden = await publisher.publish(app_name())
    await set_columns(database, Integration, hidden.integration.id, access=IntegrationAccess.RESTRICTED)
    caller = await viewer(kind, database, publisher, other, apps)

    found = [await publisher.hub.run(read_published(caller, IntegrationRef(published_name=one.name))) for one in apps]

    assert [facts(one) for one in found] == [facts(one) for one in apps]
    for name in (hidden.name, hidden.integration.id):
        with pytest.raises(NotFound):
            await publisher.hub.run(read_published(caller, IntegrationRef(published_name=name)))


async def test_the_token_of_an_installation_finds_no_unlisted_app(database, publisher, other):
    apps = await three_apps(database, publisher)
    unlisted = await publisher.publish(app_name(), visibility=PublicationVisibility.UNLISTED)
    caller = await installation_token(database, other, apps[0])

    with pytest.raises(NotFound):
        await publisher.hub.run(read_published(caller, IntegrationRef(published_name=unlisted.name)))


async def test_a_restricted_app_that_is_public_shows_its_authorisation_to_those_with_access_alone(
    database, publisher
):
    app = await publisher.publish(app_name(), **PUBLIC)
    closed = {"access": IntegrationAccess.RESTRICTED, "client_id": "id-1", "state_error": "Refused."}
    await set_columns(database, Integration, app.integration.id, **closed)
    await publisher.tenant.add_user("colleague")
    colleague = await publisher.tenant.signed_in(Permission.INTEGRATIONS_READ, username="colleague")
    document = """query($name: String!) { integration(by: {publishedName: $name}) {
        publication { name } auth { clientId } stateError } }"""

    seen = [await client.query(document, name=app.name) for client in (colleague, publisher.tenant.client)]

    public = {"publication": {"name": app.name}}
    assert seen[0]["integration"] == {**public, "auth": None, "stateError": None}
    assert seen[1]["integration"] == {**public, "auth": {"clientId": "id-1"}, "stateError": "Refused."}


async def test_acting_for_a_user_the_token_of_an_app_installs_no_other_one(database, publisher, other):
    apps = await three_apps(database, publisher)
    caller = await viewer("app for a user", database, publisher, other, apps)

    new = InstallIntegration(integration=IntegrationRef(published_name=apps[1].name))
    with pytest.raises(NotFound):
        await publisher.hub.run(install_integration(caller, new))
