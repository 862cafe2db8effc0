"""Tokens are ended by the people that `tokens` shows them to; for all others they do not exist."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from models.tables import Principal, Token
from models.vocabulary import Permission
from tests.harness.acting import act, listed, remove, row_id
from tests.harness.rows import snapshot
from tests.harness.tenants import Tenant

MADE = "secret token { id }"
MEMBER = (Permission.TOKENS_WRITE, Permission.INTEGRATIONS_READ, Permission.INTEGRATIONS_WRITE)


async def _made(client, **given: Any) -> dict[str, str]:
    made = await act(client, "createToken", {"name": "t", "permissions": ["INTEGRATIONS_READ"], **given}, MADE)
    return {"id": made["token"]["id"], "secret": made["secret"]}


@pytest.fixture
async def app(organization: Tenant) -> str:
    """An integration that everybody may see."""
    return (await act(organization.client, "createIntegration", {"name": "App"}))["id"]


async def test_anothers_token_answers_like_one_that_never_was(organization, app, database) -> None:
    await organization.add_user("ada", *MEMBER)
    ada = await organization.signed_in(*MEMBER, username="ada")
    others = {
        "a personal one": await _made(organization.client),
        "an app's": await _made(organization.client, integrationId=app),
    }
    never = await remove(ada, "revokeToken", "f" * 24)
    before = await snapshot(database, organization.id)

    answers = {name: await remove(ada, "revokeToken", token["id"]) for name, token in others.items()}

    assert never["code"] == "NOT_FOUND"
    assert answers == dict.fromkeys(others, never)
    assert await snapshot(database, organization.id) == before


async def test_ends_the_tokens_of_ones_own_and_of_apps_that_one_made(organization, app, graphql) -> None:
    await organization.add_user("ada", *MEMBER)
    ada = await organization.signed_in(*MEMBER, username="ada")
    tokens = [await _made(ada), await _made(ada, integrationId=app)]
    bare = await organization.signed_in(Permission.INTEGRATIONS_READ, username="ada")

    lacking = await remove(bare, "revokeToken", tokens[1]["id"])
    ended = [await remove(bare, "revokeToken", tokens[0]["id"]), await remove(ada, "revokeToken", tokens[1]["id"])]

    assert (lacking["code"], lacking["permission"]) == ("FORBIDDEN", "TOKENS_WRITE")
    assert ended == [{"deletedId": token["id"]} for token in tokens]
    statuses = [(await graphql(token["secret"]).raw("{ viewer { permissions } }")).status_code for token in tokens]
    assert statuses == [401, 401]


async def test_an_administrator_ends_every_token_of_the_organization(organization, app, new_organization) -> None:
    await organization.add_user("ada", *MEMBER)
    ada = await organization.signed_in(*MEMBER, username="ada")
    tokens = [await _made(ada), await _made(ada, integrationId=app)]
    elsewhere = (await new_organization()).client

    foreign = [await remove(elsewhere, "revokeToken", token["id"]) for token in tokens]
    ended = [await remove(organization.client, "revokeToken", token["id"]) for token in tokens]

    assert [answer["code"] for answer in foreign] == ["NOT_FOUND"] * 2
    assert ended == [{"deletedId": token["id"]} for token in tokens]


async def test_a_former_administrator_does_not_end_the_token_it_made_for_another_user(organization, database) -> None:
    other = await organization.add_user("other", Permission.INTEGRATIONS_READ)
    made = await _made(organization.client, principalId=other)
    left = [*MEMBER, Permission.ORGANIZATION_READ]
    async with database.write() as session:
        me = update(Principal).where(col(Principal.id) == organization.admin_id)
        await session.execute(me.values(permissions=[str(word) for word in left]))

    refused = await remove(organization.client, "revokeToken", made["id"])

    assert made["id"] in [token["id"] for token in await listed(organization.client, "tokens", "id")]
    assert (refused["code"], refused["permission"]) == ("FORBIDDEN", "ORGANIZATION_ADMIN")
    async with database.read() as session:
        assert (await session.get_one(Token, row_id(made["id"]))).revoked_at is None
