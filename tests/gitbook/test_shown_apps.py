"""Apps as others see them: of the owner only what is for everybody, of long texts their beginning."""

from __future__ import annotations

from sqlalchemy import update
from sqlmodel import col

from models.database import Database
from models.tables import Publication
from models.vocabulary import PlaceKind
from resolvers.integrations.creation import CreateIntegration
from resolvers.integrations.mutations import create_integration
from resolvers.people.organization import UpdateOrganization, update_organization
from tests.gitbook.conftest import World
from tests.harness.estate import caller_of


async def test_free_facts_of_the_owner_are_for_its_own_people(world: World, other: World):
    name = (await world.publish())["name"]
    facts = {"emailDomains": ["example.com"], "type": "community", "inviteLinks": True}
    change = UpdateOrganization(custom_fields=facts)

    await world.hub.run(update_organization(caller_of(world.hub, world.tenant), change))

    own, foreign = [(await one.client.ok("GET", f"/integrations/{name}"))["owner"] for one in (world, other)]
    assert {word: own[word] for word in facts} == facts
    assert [foreign[word] for word in facts] == [[], "business", False]


async def test_a_verified_app_is_shown_as_such_everywhere(world: World, other: World, database: Database):
    name = (await world.publish())["name"]
    one = f"/integrations/{name}/installations/{(await other.install(name))['id']}"
    space, site = await other.place(PlaceKind.SPACE), await other.place(PlaceKind.SITE)
    await other.client.ok("POST", f"{one}/spaces", {"space": space}, 201)
    await other.client.ok("POST", f"{one}/sites", {"siteId": site}, 201)
    home = f"/orgs/{other.tenant.id}"

    async def shown() -> list[bool]:
        lists = (f"/integrations?search={name}", f"/spaces/{space}/integrations", f"{home}/sites/{site}/integrations")
        apps = [await other.client.ok("GET", f"/integrations/{name}")]
        for path in lists:
            apps += await other.client.items(path)
        statuses = await other.client.items(f"{home}/integrations/installations-status?search={name}")
        return [each["verified"] for each in (*apps, *(status["integration"] for status in statuses))]

    before = await shown()
    async with database.write() as session:
        await session.execute(update(Publication).where(col(Publication.name) == name).values(verified=True))

    assert (before, await shown()) == ([False] * 5, [True] * 5)
    assert (await world.publish(name))["verified"], "a publishing leaves it"


async def test_texts_that_came_by_another_face_fit(world: World):
    new = CreateIntegration(name="N" * 255, description="d" * 2_000, readme="r" * 9_000)
    made = await world.hub.run(create_integration(caller_of(world.hub, world.tenant), new))

    shown = await world.client.ok("GET", f"/integrations/{made.id}")

    assert [len(shown[word]) for word in ("title", "description", "summary")] == [30, 100, 2048]
