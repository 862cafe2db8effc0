"""Owners and shares: who has an integration, and what it lets them do."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from sqlmodel import col, select

from models.errors import Conflict
from models.tables import Principal
from models.vocabulary import PrincipalKind
from resolvers.people.mutations import CreatePrincipal, UpdatePrincipal, create_principal, update_principal
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
        "principalId": "member",
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
                    "principalId": "analytics",
                    "accessLevel": 2,
                    "principal": {"id": "analytics", "name": "Analysts", "type": "team"},
                }
            ]
        },
    }
    assert await user.names() == ["Stock"]


@both
async def test_a_prefix_tells_a_team_from_a_user_whose_name_looks_like_it(client: Informer, apps: Apps, team: str):
    await apps.tenant.add_user("team:analytics")

    assert (await client.ok("PUT", f"{SHARES}/team:analytics"))["principalId"] == "analytics"


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
        "id": "admin",
        "username": "admin",
        "displayName": first["_embedded"]["inf:user"]["displayName"],
    }
    assert first == {
        "_links": {"self": {"href": href}},
        "id": "admin",
        "userId": "admin",
        "teamId": None,
        "_embedded": {"inf:user": who},
    }
    created = second["_embedded"]["inf:team"].pop("createdAt")
    assert created.endswith("Z")
    assert second == {
        "_links": {"self": {"href": href}},
        "id": "analytics",
        "userId": None,
        "teamId": "analytics",
        "_embedded": {"inf:team": {"id": "analytics", "name": "Analysts"}},
    }
    assert await user.names() == ["Stock"]


async def test_what_an_app_has_made_has_no_owner(informer, client: Informer, apps: Apps):
    app = await apps.make("App")
    made = await informer(await apps.token(app)).make(name="Made")

    assert refused(await client("GET", f"/integrations/{made['id']}/owner"), 404) == "There is no such owner."


@pytest.mark.parametrize(
    "username", ["grace", "Grace", "ü", "東京", "a b", "a%b", "a?b#c", "a:b", "me@example.com", "+"]
)
async def test_a_name_that_was_answered_is_understood(username: str, client: Informer, apps: Apps):
    await apps.tenant.add_user(username)
    path = f"{SHARES}/{quote(username, safe='')}"

    put = await client.ok("PUT", path)
    owner = await client.ok("PUT", "/integrations/stock/owner", {"userId": username})
    again = await client.ok("PUT", "/integrations/stock/owner", owner)

    assert put["principalId"] == owner["userId"] == again["userId"] == username
    assert await client.ok("GET", path) == put


@pytest.mark.parametrize("shape", ["{other}", "user:admin", "team:x", "a/b", ".", ".."])
async def test_a_name_that_could_be_read_otherwise_is_answered_as_the_id(
    shape: str, client: Informer, user: Informer, apps: Apps
):
    username = shape.format(other=await member_id(apps))
    principal_id = await apps.tenant.add_user(username)

    put = await client.ok("PUT", f"{SHARES}/{principal_id}")
    owner = await client.ok("PUT", "/integrations/stock/owner", {"userId": principal_id})

    assert put["principalId"] == owner["userId"] == principal_id
    (row,) = await client.ok("GET", "/integrations-list")
    assert (row["ownerId"], row["sharing"]) == (principal_id, [{"principalId": principal_id, "accessLevel": 1}])


async def test_an_id_comes_before_a_name_that_looks_like_it(client: Informer, user: Informer, apps: Apps):
    await apps.tenant.add_user(await member_id(apps))

    assert (await client.ok("PUT", f"{SHARES}/{await member_id(apps)}"))["principalId"] == "member"


async def test_names_differ_by_case_and_are_read_in_any_form_of_unicode(client: Informer, apps: Apps):
    for username in ("zoë", "Zoë"):
        await apps.tenant.add_user(username)

    shares = [await client.ok("PUT", f"{SHARES}/{quote(name)}") for name in ("zoe\u0308", "Zoe\u0308")]

    assert [share["principalId"] for share in shares] == ["zoë", "Zoë"]
    refused(await client("PUT", f"{SHARES}/ZO%C3%8B"), 404)


async def test_no_team_has_the_name_of_a_user(client: Informer, user: Informer, apps: Apps):
    with pytest.raises(Conflict):
        await add_team(apps, "member")


async def test_a_disabled_user_keeps_the_name(client: Informer, user: Informer, apps: Apps):
    await client.ok("PUT", f"{SHARES}/member")
    gone = UpdatePrincipal(id=await member_id(apps), disabled=True)
    await apps.hub.run(update_principal(apps._admin, gone))

    assert (await client.ok("GET", f"{SHARES}/member"))["principalId"] == "member"
