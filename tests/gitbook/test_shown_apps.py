"""Apps as others see them: of the owner only what is for everybody, of long texts their beginning."""

from __future__ import annotations

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


async def test_texts_that_came_by_another_face_fit(world: World):
    new = CreateIntegration(name="N" * 255, description="d" * 2_000, readme="r" * 9_000)
    made = await world.hub.run(create_integration(caller_of(world.hub, world.tenant), new))

    shown = await world.client.ok("GET", f"/integrations/{made.id}")

    assert [len(shown[word]) for word in ("title", "description", "summary")] == [30, 100, 2048]
