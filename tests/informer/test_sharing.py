"""Owners and shares: who has an integration, and what it lets them do."""

from __future__ import annotations

import pytest
from sqlmodel import col, select

from models.tables import Principal
from models.vocabulary import PrincipalKind
from resolvers.people.mutations import CreatePrincipal, create_principal
from tests.harness.apps import Apps
from tests.harness.backends import both
from tests.informer.conftest import Informer, refused

SHARES = "/integrations/stock/shares"


@pytest.fixture(autouse=True)
async def stock(client: Informer) -> None:
    await client.make()


@pytest.fixture
async def team(apps: Apps, user: Informer) -> str:
    """`analytics`, of which `member` is one."""
    return await add_team(apps, "analytics", await member_id(apps))


async def member_id(apps: Apps) -> str:
    async with apps.database.read() as session:
        mine = select(Principal).where(col(Principal.organization_id) == apps.tenant.id)
        return (await session.execute(mine.where(col(Principal.username) == "member"))).scalars().one().id


async def add_team(apps: Apps, username: str, *members: str) -> str:
    team = CreatePrincipal(kind=PrincipalKind.TEAM, username=username, display_name="Analysts", member_ids=members)
    return (await apps.hub.run(create_principal(apps._admin, team))).id


@pytest.mark.parametrize("form", ["{id}", "member", "user:member", "user%3Amember"])
async def test_shares_with_a_user_in_every_form(form: str, client: Informer, user: Informer, apps: Apps):
    who = await member_id(apps)

    put = await client.ok("PUT", f"{SHARES}/{form.format(id=who)}", {})

    assert put == {
        "integrationId": (await client.ok("GET", "/integrations/stock"))["id"],
        "principalId": who,
        "accessLevel": 1,
        "createdAt": put["createdAt"],
        "updatedAt": put["updatedAt"],
    }
    assert await client.ok("GET", f"{SHARES}/{put['principalId']}") == put
    assert await user.names() == ["Stock"]


@pytest.mark.parametrize("form", ["{id}", "analytics", "team:analytics"])
async def test_shares_with_a_team(form: str, client: Informer, user: Informer, team: str):
    await client.ok("PUT", f"{SHARES}/{form.format(id=team)}", {"accessLevel": 2})

    found = await client.ok("GET", SHARES)

    integration = await client.ok("GET", "/integrations/stock")
    assert found == {
        "_links": {"self": {"href": integration["_links"]["inf:integration-shares"]["href"]}},
        "_embedded": {
            "inf:integration-share": [
                {
                    "integrationId": integration["id"],
                    "principalId": team,
                    "accessLevel": 2,
                    "principal": {"id": team, "name": "Analysts", "type": "team"},
                }
            ]
        },
    }
    assert await user.names() == ["Stock"]


@both
async def test_a_prefix_tells_a_team_from_a_user_whose_name_looks_like_it(client: Informer, apps: Apps, team: str):
    await apps.tenant.add_user("team:analytics")

    assert (await client.ok("PUT", f"{SHARES}/team:analytics"))["principalId"] == team


async def test_a_level_is_kept_as_it_was_given_and_can_be_changed(client: Informer, user: Informer):
    for level in (1, 7, 3):
        await client.ok("PUT", f"{SHARES}/member", {"accessLevel": level})
        assert (await client.ok("GET", f"{SHARES}/member"))["accessLevel"] == level


async def test_takes_a_share_away(client: Informer, user: Informer):
    await client.ok("PUT", f"{SHARES}/member")

    gone = await client("DELETE", f"{SHARES}/member")

    assert (gone.status_code, gone.content) == (204, b"")
    assert refused(await client("GET", f"{SHARES}/member"), 404) == "There is no such share."
    refused(await client("DELETE", f"{SHARES}/member"), 404)
    assert await user.names() == []


@pytest.mark.parametrize(
    ("level", "statuses"),
    [(None, {404}), (1, {403}), (2, {200, 204})],
)
async def test_a_level_says_who_may_change(level: int | None, statuses: set[int], client: Informer, user: Informer):
    if level is not None:
        await client.ok("PUT", f"{SHARES}/member", {"accessLevel": level})

    answers = [
        await user("PUT", "/integrations/stock", {"description": "mine"}),
        await user("DELETE", "/integrations/stock/icon"),
        await user("PUT", f"{SHARES}/admin", {}),
        await user("PUT", "/integrations/stock/owner", {"userId": "member"}),
        await user("DELETE", "/integrations/stock"),
    ]

    assert {answer.status_code for answer in answers} == statuses
    assert await client.names() == ([] if level == 2 else ["Stock"])


async def test_the_owner_is_a_user_or_a_team(client: Informer, apps: Apps, user: Informer, team: str):
    href = (await client.ok("GET", "/integrations/stock"))["_links"]["inf:integration-owner"]["href"]

    first = await client.ok("GET", href)
    second = await client.ok("PUT", href, {"teamId": "analytics"})

    who = {
        "id": apps.tenant.admin_id,
        "username": "admin",
        "displayName": first["_embedded"]["inf:user"]["displayName"],
    }
    assert first == {
        "_links": {"self": {"href": href}},
        "id": apps.tenant.admin_id,
        "userId": apps.tenant.admin_id,
        "_embedded": {"inf:user": who},
    }
    created = second["_embedded"]["inf:team"].pop("createdAt")
    assert created.endswith("Z")
    assert second == {
        "_links": {"self": {"href": href}},
        "id": team,
        "teamId": team,
        "_embedded": {"inf:team": {"id": team, "name": "Analysts"}},
    }
    assert await user.names() == ["Stock"]


async def test_what_an_app_has_made_has_no_owner(informer, client: Informer, apps: Apps):
    app = await apps.make("App")
    made = await informer(await apps.token(app)).make(name="Made")

    assert refused(await client("GET", f"/integrations/{made['id']}/owner"), 404) == "There is no such owner."
