"""Connections that hold a key, a password or a token: made, shown without what they hold, taken away."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import col, select

from models.tables import Connection, Registration
from models.vocabulary import AuthType, ConnectionMode, Permission
from resolvers.connections.mutations import CreateConnection, create_connection
from resolvers.secret import Secret
from tests.harness.apps import Apps
from tests.harness.backends import both
from tests.harness.rows import changes, snapshot
from tests.informer.conftest import NOT_ADMIN, Informer, refused

CONNECT = "/integrations/stock/connect"
CONNECTION = "/integrations/stock/connection"
ONE_OF = "Give exactly one of username, token, apiKey, refreshToken, code."


async def connections(apps: Apps) -> list[Connection]:
    async with apps.database.read() as session:
        mine = select(Connection).where(col(Connection.organization_id) == apps.tenant.id)
        return list((await session.execute(mine.order_by(col(Connection.id)))).scalars())


async def stock(client: Informer, **members: Any) -> None:
    """An integration that is shared with `member`."""
    await client.make(**members)
    await client.ok("PUT", "/integrations/stock/shares/member")


@pytest.mark.parametrize(
    ("auth_type", "body", "stored"),
    [
        ("apikey", {"apiKey": "k-4711-4711"}, AuthType.API_KEY),
        ("basic", {"username": "ada", "password": "engine"}, AuthType.BASIC),
        ("basic", {"username": "sk_live_4711"}, AuthType.BASIC),
        ("bearer", {"token": "t-4711-4711"}, AuthType.BEARER),
    ],
)
async def test_connects_by_the_way_in_which_the_integration_authorises(
    auth_type: str, body: dict, stored: AuthType, client: Informer, user: Informer, apps: Apps
):
    await stock(client, authType=auth_type)

    made = await user.ok("POST", CONNECT, body, 201)

    (row,) = await connections(apps)
    assert made == {
        "id": row.id,
        "integrationId": (await client.ok("GET", "/integrations/stock"))["id"],
        "ownerId": "member",
        "isShared": False,
        "createdAt": made["createdAt"],
        "updatedAt": made["updatedAt"],
    }
    assert (row.auth_type, row.mode) == (stored, ConnectionMode.PER_USER)
    assert await user.ok("GET", CONNECTION) == made
    refused(await client("GET", CONNECTION), 404)


async def test_connecting_again_takes_the_place_of_what_was(client: Informer, apps: Apps):
    await client.make(authType="apikey")
    first = await client.ok("POST", CONNECT, {"apiKey": "old-key-of-mine"}, 201)

    second = await client.ok("POST", CONNECT, {"apiKey": "new-key-of-mine"}, 201)

    (row,) = await connections(apps)
    assert first["id"] == second["id"] == row.id
    assert row.details == {"apiKey": "new-…"}


async def test_where_connections_are_shared_it_is_everybodys(client: Informer, user: Informer, apps: Apps):
    await stock(client, authType="bearer", mode="shared")

    made = await client.ok("POST", CONNECT, {"token": "for-all-of-us"}, 201)

    assert made["isShared"] is True
    assert "ownerId" not in made
    assert (await user.ok("GET", CONNECTION))["id"] == made["id"]


async def test_only_who_may_change_it_connects_for_everybody(client: Informer, user: Informer, apps: Apps):
    await stock(client, authType="bearer", mode="shared")
    await client.ok("POST", CONNECT, {"token": "for-all-of-us"}, 201)
    before = await snapshot(apps.database, apps.tenant.id)

    refused(await user("POST", CONNECT, {"token": "mine"}), 403)
    refused(await user("DELETE", CONNECTION), 403)

    assert changes(before, await snapshot(apps.database, apps.tenant.id)) == ["+ audit_entry"] * 2


async def test_a_key_given_with_the_integration_works_for_all(client: Informer, user: Informer, apps: Apps):
    await stock(client, authType="apikey", apiKey="k-4711-4711")

    found = await user.ok("GET", CONNECTION)

    assert found["isShared"] is True
    assert refused(await user("DELETE", CONNECTION), 404) == "There is no such connection."
    assert len(await connections(apps)) == 1


async def test_ones_own_connection_comes_before_the_shared_one(client: Informer, user: Informer):
    await stock(client, authType="apikey", apiKey="k-4711-4711")
    shared = await client.ok("GET", CONNECTION)

    own = await user.ok("POST", CONNECT, {"apiKey": "my-own-key-4711"}, 201)

    assert (await user.ok("GET", CONNECTION))["id"] == own["id"] != shared["id"]
    assert (await client.ok("GET", CONNECTION))["id"] == shared["id"]


@pytest.mark.parametrize(
    ("auth_type", "body", "sentence"),
    [
        ("basic", {}, ONE_OF),
        ("basic", {"password": "x"}, ONE_OF),
        (
            "basic",
            {"username": "a", "token": "b"},
            ONE_OF,
        ),
        ("basic", {"username": 7}, "username: It must be text."),
        ("basic", {"username": "a", "password": 7}, "password: It must be text."),
        ("basic", {"username": "a:b", "password": "c"}, "username: A user name must not contain a colon"),
        ("basic", {"apiKey": "k"}, "The integration authorises with BASIC, not API_KEY."),
        ("bearer", {"token": ""}, "token: It must not be empty."),
        ("bearer", {"token": "a\r\nX-Evil: b"}, "token: A header value must not contain line breaks"),
        ("apikey", {"apiKey": "ключ\u0000"}, "apiKey: It must not hold the character NUL."),
        ("oauth2", {"token": "t"}, "The integration authorises with OAUTH2, not BEARER."),
        ("basic", [], "The body must be a JSON object."),
    ],
)
async def test_refuses_what_does_not_fit_and_connects_nothing(
    auth_type: str, body: Any, sentence: str, client: Informer, apps: Apps
):
    await client.make(authType=auth_type)

    answer = await client("POST", CONNECT, body)

    assert refused(answer, 400).startswith(sentence)
    assert await connections(apps) == []


async def test_takes_ones_own_connection_away(client: Informer, user: Informer, apps: Apps):
    await stock(client, authType="apikey", apiKey="k-4711-4711")
    await user.ok("POST", CONNECT, {"apiKey": "my-own-key-4711"}, 201)

    gone = await user("DELETE", CONNECTION)

    assert (gone.status_code, gone.content) == (204, b"")
    assert [row.mode for row in await connections(apps)] == [ConnectionMode.SHARED]
    refused(await user("DELETE", CONNECTION), 404)


async def test_what_is_taken_away_here_stays_elsewhere(client: Informer, apps: Apps):
    first, second = [await client.make(name=name, authType="apikey") for name in ("Stock", "Store")]
    made = await client.ok("POST", CONNECT, {"apiKey": "my-own-key-4711"}, 201)
    async with apps.database.write() as session:
        place = Registration(organization_id=apps.tenant.id, integration_id=second["id"], connection_id=made["id"])
        session.add(place)

    await client.ok("DELETE", CONNECTION, status=204)

    refused(await client("GET", CONNECTION), 404)
    assert (await client.ok("GET", f"/integrations/{second['id']}/connection"))["id"] == made["id"]
    assert first["id"] != second["id"]


async def test_an_app_connects_for_everybody(client: Informer, informer, apps: Apps):
    app = await apps.make("App")
    made = await client.make(authType="bearer")
    token = informer(await apps.token(app, *Permission))

    connected = await token.ok("POST", f"/integrations/{app.id}/connect", {"token": "t-4711"}, 201)
    beside = await token("POST", f"/integrations/{made['id']}/connect", {"token": "t-4711"})

    assert connected["isShared"] is True
    assert "acts for that app only" in refused(beside, 403)


async def test_several_shared_ones_without_a_default_are_none(client: Informer, apps: Apps):
    made = await client.make(authType="apikey")
    for name in ("a", "b"):
        new = CreateConnection(
            integration_id=made["id"], name=name, mode=ConnectionMode.SHARED, secret=Secret(api_key="k" * 20)
        )
        await apps.hub.run(create_connection(apps._admin, new))

    assert refused(await client("GET", CONNECTION), 404) == "There is no such connection."


@both
async def test_a_users_own_is_not_everybodys_though_it_is_the_default(client: Informer, apps: Apps):
    made = await client.make(authType="apikey", mode="shared")
    own = CreateConnection(integration_id=made["id"], secret=Secret(api_key="k" * 20), default=True)
    await apps.hub.run(create_connection(apps._admin, own))

    refused(await client("DELETE", CONNECTION), 404)
    connected = await client.ok("POST", CONNECT, {"apiKey": "k-4711-4711"}, 201)

    assert connected["isShared"] is True
    assert [row.mode for row in await connections(apps)] == [ConnectionMode.PER_USER, ConnectionMode.SHARED]


async def test_a_token_without_a_connection_is_told_that_there_is_none(client: Informer, informer, apps: Apps):
    await stock_of(client, apps)
    other = informer(await apps.tenant.issue(*NOT_ADMIN, username="other"))

    for path in (CONNECTION, "/integrations/stock/account"):
        assert refused(await other("GET", path), 404) == "There is no such connection."


async def stock_of(client: Informer, apps: Apps) -> None:
    await apps.tenant.add_user("other", *NOT_ADMIN)
    await client.make(authType="bearer")
    await client.ok("PUT", "/integrations/stock/shares/other")
    await client.ok("POST", CONNECT, {"token": "mine-alone"}, 201)
