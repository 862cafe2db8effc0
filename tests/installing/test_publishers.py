"""An app's own token and its publisher at installations of other organizations, and the tokens of installations."""

from __future__ import annotations

from datetime import datetime

import pytest

from models.row import now_ms
from models.tables import Principal, Token
from models.vocabulary import Permission
from resolvers.people.installation_token import GRANTED, MOST_TOKENS, VALID_MS
from tests.harness.acting import act, listed, refusal, remove
from tests.harness.backends import both
from tests.harness.publications import plant, set_columns
from tests.installing.market import OPEN, SHOWN, TEAM

NODE = f"query($id: ID!) {{ node(id: $id) {{ ... on Installation {{ {SHOWN} }} }} }}"
READ, WRITE = Permission.INSTALLATIONS_READ, Permission.INSTALLATIONS_WRITE
AUDIT = "{ auditEntries(first: 50) { nodes { action actorName actor { __typename } } } }"


def millis(text):
    return datetime.fromisoformat(text).timestamp() * 1000


@both
async def test_the_apps_token_sets_up_installations_anywhere_in_the_installers_log(new_market) -> None:
    market = await new_market(account=TEAM)
    space, installed = await market.place(), await market.install()
    app = await market.app_client(READ, WRITE)

    changed = await market.update(app, installed["id"], configuration={"team": "A"}, externalIds=["t1"])
    placed = await market.save(app, installed["id"], space, configuration={"k": 1}, externalIds=["s1"])
    everywhere = await market.update(app, installed["id"], spaceSelection="ALL")

    seen = (await market.installer.client.query(NODE, id=installed["id"]))["node"]
    assert (changed["status"], changed["externalIds"]) == ("ACTIVE", ["t1"])
    assert seen == everywhere
    assert placed["places"]["nodes"][0]["place"] == {"databaseId": space}
    theirs = (await market.installer.client.query(AUDIT))["auditEntries"]["nodes"]
    mine = (await market.publisher.client.query(AUDIT))["auditEntries"]["nodes"]
    by_app = [one for one in reversed(theirs) if one["actorName"] not in ("admin", "operator")]
    entries = [(one["action"], one["actorName"], one["actor"]) for one in by_app]
    assert entries == [
        ("installation.updated", market.app.name, None),
        ("installation_place.created", market.app.name, None),
        ("installation.updated", market.app.name, None),
    ]
    assert [one for one in mine if one["action"].startswith("installation_place")] == []


async def test_the_apps_token_neither_pauses_nor_uninstalls_elsewhere(market) -> None:
    installed, app = await market.install(), await market.app_client()

    for change in ({"paused": True}, {"paused": False, "configuration": {"a": 1}}):
        assert (await refusal(app, "updateInstallation", {"id": installed["id"], **change}))["code"] == "FORBIDDEN"
    assert (await remove(app, "uninstallIntegration", installed["id"]))["code"] == "FORBIDDEN"

    assert await listed(market.installer.client, "installations", SHOWN, "(first: 2)") == [installed]


@pytest.mark.parametrize("field", ["updateInstallation", "saveInstallationPlace"])
async def test_users_of_the_publisher_read_installations_elsewhere_and_change_none(market, field) -> None:
    space, installed = await market.place(), await market.install(configuration={"k": 1})
    await market.save(market.installer.client, installed["id"], space, externalIds=["a"])
    given = {
        "updateInstallation": {"id": installed["id"], "externalIds": ["x"]},
        "saveInstallationPlace": {"installationId": installed["id"], "placeId": space, "externalIds": ["x"]},
    }[field]

    read = (await market.publisher.client.query(NODE, id=installed["id"]))["node"]
    refused = await refusal(market.publisher.client, field, given)

    assert refused["code"] == "FORBIDDEN"
    assert read["configuration"] == {"k": 1}
    assert read["places"]["nodes"][0]["externalIds"] == ["a"]
    assert (await market.installer.client.query(NODE, id=installed["id"]))["node"] == read


async def test_another_app_of_the_publisher_sees_none_of_its_installations(market) -> None:
    installed, other = await market.install(), await market.apps.make("Other")
    client = market.graphql(await market.apps.token(other))

    assert (await client.query(NODE, id=installed["id"]))["node"] is None
    assert (await refusal(client, "updateInstallation", {"id": installed["id"]}))["code"] == "NOT_FOUND"
    assert (await market.token(client, installed["id"]))["code"] == "NOT_FOUND"


@both
async def test_a_token_of_an_installation_lasts_an_hour_and_may_no_more_than_its_maker(market) -> None:
    installed = await market.install()

    made = await market.token(await market.app_client(), installed["id"])
    by_user = await market.token(market.publisher.client, installed["id"])
    narrow = await market.token(await market.app_client(READ, WRITE), installed["id"])

    token = made["token"]
    lasts = millis(token["expiresAt"]) - millis(token["createdAt"])
    assert abs(lasts - VALID_MS) < 1000
    assert (token["kind"], token["name"]) == ("INSTALLATION", market.app.name)
    assert set(token["permissions"]) == set(by_user["token"]["permissions"]) == set(GRANTED)
    assert set(narrow["token"]["permissions"]) == {READ, WRITE}
    shown = await listed(market.installer.client, "tokens", "id kind")
    assert {one["id"] for one in shown} >= {token["id"], by_user["token"]["id"]}


async def test_only_the_app_and_its_publisher_make_tokens_of_an_installation(market) -> None:
    installed = await market.install()
    token = await market.token_client(installed["id"])
    reader = await market.publisher.signed_in(READ)

    for client in (market.installer.client, token, reader):
        assert (await market.token(client, installed["id"]))["code"] == "FORBIDDEN"


async def test_a_token_of_an_installation_makes_no_token_not_even_at_its_publisher(market) -> None:
    [home] = await listed(market.publisher.client, "installations", "id", "(first: 2)")
    token = await market.token_client(home["id"])

    refused = await market.token(token, home["id"])

    assert refused.get("code") == "FORBIDDEN"
    shown = await listed(market.publisher.client, "tokens", "kind")
    assert [one["kind"] for one in shown].count("INSTALLATION") == 1


async def test_another_app_of_the_publisher_makes_no_token_even_at_home(market) -> None:
    [home] = await listed(market.publisher.client, "installations", "id", "(first: 2)")
    other = market.graphql(await market.apps.token(await market.apps.make("Other")))

    refused = await market.token(other, home["id"])
    made = await market.token(await market.app_client(), home["id"])

    assert (refused.get("code"), made["token"]["kind"]) == ("FORBIDDEN", "INSTALLATION")


@both
async def test_a_token_of_an_installation_changes_that_one_and_no_other(market, new_organization) -> None:
    installed, other = await market.install(), await new_organization()
    elsewhere = {"integration": {"publishedName": market.publication.name}}
    second = await act(other.client, "installIntegration", elsewhere, SHOWN)
    token, space = await market.token_client(installed["id"]), await market.place()

    changed = await market.update(token, installed["id"], configuration={"a": 1}, externalIds=["x"])
    hidden = await refusal(token, "saveInstallationPlace", {"installationId": installed["id"], "placeId": space})
    await market.save(market.installer.client, installed["id"], space)
    placed = await market.save(token, installed["id"], space, configuration={"b": 2})
    refused = await refusal(token, "updateInstallation", {"id": second["id"], "externalIds": ["x"]})
    paused = await refusal(token, "updateInstallation", {"id": installed["id"], "paused": True})
    gone = await remove(token, "uninstallIntegration", installed["id"])

    assert (changed["configuration"], changed["externalIds"]) == ({"a": 1}, ["x"])
    assert (hidden["code"], refused["code"]) == ("NOT_FOUND", "NOT_FOUND")
    assert placed["places"]["nodes"][0]["configuration"] == {"b": 2}
    assert (paused["code"], gone["code"]) == ("FORBIDDEN", "FORBIDDEN")
    assert await listed(other.client, "installations", SHOWN, "(first: 2)") == [second]


async def test_a_token_of_an_installation_ends_by_the_clock_by_revoking_and_with_its_maker(market, database) -> None:
    installed = await market.install()
    secrets, ids = [], []
    for _ in range(3):
        made = await market.token(market.publisher.client, installed["id"])
        secrets.append(made["secret"])
        ids.append(made["token"]["id"])
    clients = [market.graphql(secret) for secret in secrets]
    by_row = {
        one["id"]: one["databaseId"] for one in await listed(market.installer.client, "tokens", "id databaseId")
    }

    await set_columns(database, Token, by_row[ids[0]], expires_at=1)
    await remove(market.installer.client, "revokeToken", ids[1])
    alive = await clients[2].query("{ installations { nodes { id } } }")
    await set_columns(database, Principal, market.publisher.admin_id, disabled_at=1)

    assert alive["installations"]["nodes"] == [{"id": installed["id"]}]
    assert [(await client.raw("{ viewer { permissions } }")).status_code for client in clients] == [401, 401, 403]


async def test_the_number_of_such_tokens_is_bounded_and_expired_ones_make_room(market, database) -> None:
    installed, app = await market.install(), await market.app_client()
    facts = {"organization_id": market.installer.id, "kind": "INSTALLATION", "name": "t", "hint": "t"}
    own = {**facts, "installation_id": installed["databaseId"], "permissions": []}
    rows = [
        Token(digest=f"{installed['databaseId']}{n}", expires_at=now_ms() + VALID_MS, **own)
        for n in range(MOST_TOKENS)
    ]
    await plant(database, *rows)

    full = await market.token(app, installed["id"])
    await set_columns(database, Token, rows[0].id, expires_at=1)
    made = await market.token(app, installed["id"])

    assert (full["code"], 0 < full["retryAfterSeconds"] <= VALID_MS // 1000) == ("TOO_MANY", True)
    assert "secret" in made
    async with database.read() as session:
        assert await session.get(Token, rows[0].id) is None


async def test_permissions_are_asked_for_in_every_way(market) -> None:
    installed = await market.install()
    app = await market.app_client(*(word for word in OPEN if word is not WRITE))

    assert (await refusal(app, "updateInstallation", {"id": installed["id"]}))["code"] == "FORBIDDEN"
    assert (await market.token(app, installed["id"]))["code"] == "FORBIDDEN"
