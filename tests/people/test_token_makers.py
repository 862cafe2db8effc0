"""An app's token does at most what its maker may do now, and nothing once its maker is gone."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from models.tables import Token
from models.vocabulary import Permission, TokenKind
from resolvers.caller import Caller
from resolvers.people.token import CreateToken, create_token
from tests.harness import calling
from tests.harness.acting import act, faults, refusal, remove, row_id
from tests.harness.backends import both
from tests.harness.tenants import Tenant
from tests.people import documents

MADE = "secret token { id kind permissions createdBy { username } }"
VIEWER = "{ viewer { permissions } }"
MEMBER = (
    Permission.TOKENS_WRITE,
    Permission.INTEGRATIONS_READ,
    Permission.INTEGRATIONS_WRITE,
    Permission.EVENTS_EMIT,
)
GIVEN = ["EVENTS_EMIT", "INTEGRATIONS_READ", "INTEGRATIONS_WRITE"]
GONE = (
    "The user that made this token is disabled or removed. An administrator can hand it over to another user with"
    " transferToken, or make a new one."
)


@pytest.fixture
async def app(organization: Tenant) -> str:
    """An integration that everybody may see."""
    return (await act(organization.client, "createIntegration", {"name": "App"}))["id"]


@pytest.fixture
async def ada(organization: Tenant) -> str:
    """The id of a member."""
    return await organization.add_user("ada", *MEMBER)


@pytest.fixture
async def made(organization: Tenant, app: str, ada: str) -> dict[str, Any]:
    """A token of the app's, made by the member."""
    return await _make(await organization.signed_in(*MEMBER, username="ada"), app)


async def _make(client, app: str, permissions: list[str] = GIVEN) -> dict[str, Any]:
    return await act(client, "createToken", {"name": "t", "permissions": permissions, "integrationId": app}, MADE)


async def _seen(client) -> list[str]:
    return sorted((await client.query(VIEWER))["viewer"]["permissions"])


async def _change(organization: Tenant, principal: str, **values: Any) -> None:
    assert "principal" in await documents.act(organization.client, "updatePrincipal", principal, **values)


@both
async def test_an_apps_token_follows_its_makers_permissions(organization, graphql, ada, made) -> None:
    theirs = graphql(made["secret"])
    at_first = await _seen(theirs)

    await _change(organization, ada, permissions=["INTEGRATIONS_READ", "AUDIT_READ"])
    narrowed = await _seen(theirs)
    await _change(organization, ada, permissions=[str(word) for word in MEMBER])

    assert made["token"] | {"id": ""} == {
        "id": "",
        "kind": "INTEGRATION",
        "permissions": GIVEN,
        "createdBy": {"username": "ada"},
    }
    assert (at_first, narrowed, await _seen(theirs)) == (GIVEN, ["INTEGRATIONS_READ"], GIVEN)


@both
@pytest.mark.parametrize("end", ["disabled", "removed"])
async def test_is_refused_by_every_face_once_its_maker_is_gone(organization, http, ada, made, end) -> None:
    headers = {"Authorization": f"Bearer {made['secret']}"}
    if end == "disabled":
        await _change(organization, ada, disabled=True)
    else:
        await documents.act(organization.client, "deletePrincipal", ada)

    graph = await http.post("/graphql", json={"query": VIEWER}, headers=headers)
    donut = await http.put("/donutwork/2026-02-01/integrations.json", json={"capabilities": []}, headers=headers)
    informer = await http.get("/informer/api/integrations", headers=headers)
    upload = await http.put(f"/uploads/{'f' * 24}", content=b"x", headers=headers)

    assert graph.json() == {"errors": [{"message": GONE, "extensions": {"code": "FORBIDDEN"}}]}
    assert (donut.json()["error"], informer.json()["message"]) == (GONE, GONE)
    assert GONE in upload.text
    assert [answer.status_code for answer in (graph, donut, informer, upload)] == [403] * 4


async def test_is_handed_over_and_has_the_new_makers_permissions(organization, graphql, ada, made) -> None:
    bob = await organization.add_user("bob", Permission.EVENTS_EMIT, Permission.AUDIT_READ)
    await documents.act(organization.client, "deletePrincipal", ada)

    given = {"id": made["token"]["id"], "principalId": bob}
    moved = await act(organization.client, "transferToken", given, "permissions createdBy { username }")
    again = await act(organization.client, "transferToken", given)

    assert moved == {"permissions": GIVEN, "createdBy": {"username": "bob"}}
    assert await _seen(graphql(made["secret"])) == ["EVENTS_EMIT"]
    (entry,) = await documents.audit(organization.client, "token.transferred")
    assert entry["changes"] == [{"path": "createdBy", "oldValue": ada, "newValue": bob}]
    assert again["id"] == made["token"]["id"]


async def test_a_token_made_by_a_token_has_the_same_maker(organization, graphql, app) -> None:
    boss = await organization.add_user("boss")
    client = await organization.signed_in(*Permission, username="boss")
    parent = await _make(client, app, ["TOKENS_WRITE", *GIVEN])
    child = await _make(graphql(parent["secret"]), app)
    theirs = graphql(child["secret"])
    at_first = await _seen(theirs)

    await _change(organization, boss, disabled=True)

    assert (child["token"]["createdBy"], at_first) == ({"username": "boss"}, GIVEN)
    assert (await theirs.raw(VIEWER)).json()["errors"][0]["message"] == GONE


async def test_the_operators_token_and_its_tokens_have_what_is_stored(hub, organization, graphql, app) -> None:
    wanted = CreateToken(
        name="t", permissions=[Permission.TOKENS_WRITE, Permission.EVENTS_EMIT], integration_id=row_id(app)
    )

    made = await hub.run(create_token(Caller.operator(hub.app.state.hub, organization.id), wanted))
    child = await _make(graphql(made.secret), app, ["EVENTS_EMIT"])

    assert (made.token.kind, made.token.created_by) == (TokenKind.INTEGRATION, None)
    assert await _seen(graphql(made.secret)) == ["EVENTS_EMIT", "TOKENS_WRITE"]
    assert (child["token"]["createdBy"], await _seen(graphql(child["secret"]))) == (None, ["EVENTS_EMIT"])


async def test_only_an_administrator_gives_an_app_what_makes_tokens_and_administrators(
    organization, graphql, database, app, made
) -> None:
    words = ["ORGANIZATION_ADMIN", "TOKENS_WRITE"]
    member = await organization.signed_in(*MEMBER, username="ada")

    given = {"name": "t", "permissions": ["EVENTS_EMIT", "TOKENS_WRITE"], "integrationId": app}
    refused = await faults(member, "createToken", given)
    theirs = await _make(organization.client, app, words)
    await _store(database, made, [*words, *GIVEN])  # as it could be made before

    assert refused == ["input.permissions.1"]
    assert await _seen(graphql(theirs["secret"])) == words
    assert await _seen(graphql(made["secret"])) == GIVEN


async def _store(database, made: dict[str, Any], permissions: list[str]) -> None:
    mine = update(Token).where(col(Token.id) == row_id(made["token"]["id"]))
    async with database.write() as session:
        await session.execute(mine.values(permissions=permissions))


@pytest.mark.parametrize("of_app", [False, True])
async def test_a_write_does_not_bring_a_read_that_its_maker_lacks(organization, app, of_app) -> None:
    await organization.add_user("writer", Permission.TOKENS_WRITE, Permission.INTEGRATIONS_WRITE)
    writer = await organization.signed_in(Permission.TOKENS_WRITE, Permission.INTEGRATIONS_WRITE, username="writer")
    given = {"name": "t", "permissions": ["INTEGRATIONS_WRITE"]} | ({"integrationId": app} if of_app else {})

    found = await refusal(writer, "createToken", given)

    message = "You cannot give INTEGRATIONS_WRITE: it brings INTEGRATIONS_READ, which you do not have."
    assert found["violations"] == [{"path": ["input", "permissions", "0"], "message": message}]


async def test_is_handed_over_by_administrators_alone_to_users_of_the_organization(
    organization, new_organization, made
) -> None:
    team = (await documents.principal(organization.client, "crew", "TEAM"))["id"]
    off = await organization.add_user("off")
    await _change(organization, off, disabled=True)
    stranger = await (await new_organization()).add_user("eve")
    personal = await act(organization.client, "createToken", {"name": "p", "permissions": []}, MADE)
    member = await organization.signed_in(*MEMBER, username="ada")
    token, admin = made["token"]["id"], organization.admin_id

    lacking = await refusal(member, "transferToken", {"id": token, "principalId": admin})
    foreign = await refusal(organization.client, "transferToken", {"id": token, "principalId": stranger})
    wrong = [{"id": token, "principalId": to} for to in (team, off)]
    unfit = [await faults(organization.client, "transferToken", given) for given in wrong]
    own = await faults(organization.client, "transferToken", {"id": personal["token"]["id"], "principalId": off})
    await remove(organization.client, "revokeToken", token)
    ended = await faults(organization.client, "transferToken", {"id": token, "principalId": admin})

    assert (lacking["code"], lacking["permission"]) == ("FORBIDDEN", "ORGANIZATION_ADMIN")
    assert (foreign["code"], foreign["path"]) == ("NOT_FOUND", ["input", "principalId"])
    assert (unfit, own, ended) == ([["input.principalId"]] * 2, ["input.id"], ["input.id"])
    assert await documents.audit(organization.client, "token.transferred") == []


async def test_handing_over_gives_nothing_that_the_administrator_lacks(organization, graphql, ada, made) -> None:
    few = await organization.signed_in(Permission.ORGANIZATION_ADMIN, Permission.EVENTS_EMIT)
    await _change(organization, ada, permissions=["EVENTS_EMIT"])

    given = {"id": made["token"]["id"], "principalId": organization.admin_id}
    refused = await refusal(few, "transferToken", given)

    assert refused["path"] == ["input", "principalId"]
    assert "INTEGRATIONS_READ, INTEGRATIONS_WRITE, which you do not have" in refused["message"]
    assert await _seen(graphql(made["secret"])) == ["EVENTS_EMIT"]


@both
async def test_a_restricted_app_is_its_tokens_as_far_as_its_makers(organization, graphql, app, ada, made) -> None:
    theirs = graphql(made["secret"])
    boss = graphql((await _make(organization.client, app))["secret"])
    await act(organization.client, "updateIntegration", {"id": app, "access": "RESTRICTED"})
    change = {"id": app, "description": "New"}

    shut = await refusal(theirs, "updateIntegration", change)
    await documents.act(organization.client, "shareIntegration", integrationId=app, principalId=ada)
    viewing = await refusal(theirs, "updateIntegration", change)
    await documents.act(organization.client, "shareIntegration", integrationId=app, principalId=ada, level="MANAGE")

    assert (shut["code"], viewing["code"]) == ("NOT_FOUND", "FORBIDDEN")
    assert await act(theirs, "updateIntegration", change)
    assert await act(boss, "updateIntegration", change)


@both
async def test_nor_does_its_token_run_what_is_hidden_from_its_maker(organization, graphql) -> None:
    dora = await organization.add_user("dora", *MEMBER, Permission.DISPATCH_READ)
    client = await organization.signed_in(*MEMBER, Permission.DISPATCH_READ, username="dora")
    shop = await calling.app(organization.client, "https://a.example", calling.capability("A", "GET", "/ok"))
    theirs = shop.by(graphql((await _make(client, shop.id, ["DISPATCH_READ"]))["secret"]))
    at_first = await theirs.plan("A")

    await act(organization.client, "updateIntegration", {"id": shop.id, "access": "RESTRICTED"})
    shut = await theirs.refused("A")
    await documents.act(organization.client, "shareIntegration", integrationId=shop.id, principalId=dora)

    assert (at_first["capability"], shut["code"]) == ({"name": "A"}, "NOT_FOUND")
    assert (await theirs.plan("A"))["capability"] == {"name": "A"}
