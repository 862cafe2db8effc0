"""The reach of a token that acts for users: integrations that both see, of the app alone for a token of an app."""

from __future__ import annotations

import pytest

from tests.acting.conftest import AUTH, BACK_END, connect
from tests.harness.backends import both
from tests.harness.calling import App, app, capability

pytestmark = both

ADA = {"username": "ada"}
SHARE = "mutation($input: ShareIntegrationInput!) { shareIntegration(input: $input) { __typename } }"
EVERYBODY = ("ada", "otto")


async def hidden(house, *viewers: str) -> App:
    """A restricted integration that is shared with some people, and has a shared connection."""
    facts = {"name": "Hidden", "access": "RESTRICTED", "auth": AUTH}
    shop = await app(house.tenant.client, house.upstream.url, capability("OK", "POST", "/ok"), **facts)
    await connect(house.tenant.client, shop, "hidden", mode="SHARED")
    for name in viewers:
        shared = {"integrationId": shop.id, "principalId": house.people[name]}
        await house.tenant.client.query(SHARE, input=shared)
    return shop


@pytest.mark.parametrize("viewers", [(), ("ada",), ("otto",), EVERYBODY])
async def test_a_restricted_integration_is_reached_if_the_user_and_the_tokens_user_see_it(viewers, house) -> None:
    shop = await hidden(house, *viewers)
    otto = house.graphql(await house.token(*BACK_END, principalId=house.people["otto"]))

    if viewers == EVERYBODY:
        assert (await shop.by(otto).run("OK", actAs=ADA))["dispatch"]["outcome"] == "SUCCEEDED"
        assert house.arrived() == [(["Bearer hidden"], ["ada"])]
    else:
        refused = await shop.by(otto).refused("OK", actAs=ADA)
        assert (refused["code"], refused["path"]) == ("NOT_FOUND", ["input", "capability"])
        assert house.upstream.requests == []


@pytest.mark.parametrize("viewers", [(), ("ada",)])
async def test_a_token_of_a_restricted_app_acts_for_those_who_see_it(viewers, house) -> None:
    shop = await hidden(house, *viewers)
    back_end = shop.by(house.graphql(await house.token(*BACK_END, integrationId=shop.id)))

    if viewers:
        await back_end.run("OK", actAs=ADA)
    else:
        assert (await back_end.refused("OK", actAs=ADA))["code"] == "NOT_FOUND"
    assert house.arrived() == ([(["Bearer hidden"], ["ada"])] if viewers else [])


async def test_a_token_of_another_app_reaches_nothing_here(house) -> None:
    facts = {"name": "Other", "auth": AUTH}
    other = await app(house.tenant.client, house.upstream.url, capability("OK", "POST", "/ok"), **facts)
    token = house.graphql(await house.token(*BACK_END, integrationId=other.id))

    by_name = await house.shop.by(token).refused("OK", actAs=ADA)
    by_itself = await other.by(token).refused("OK", actAs=ADA)

    assert (by_name["code"], by_name["path"]) == ("NOT_FOUND", ["input", "capability"])
    assert by_itself["code"] == "NOT_READY", "its own app is found: the user has no connection there"
    assert house.upstream.requests == []


async def test_an_administrators_token_reaches_what_the_user_sees_and_no_more(house) -> None:
    shop = await hidden(house, "otto")
    admin = house.graphql(await house.token("ORGANIZATION_ADMIN", *BACK_END, principalId=house.tenant.admin_id))

    refused = await shop.by(admin).refused("OK", actAs=ADA)
    await shop.by(admin).run("OK", actAs={"username": "otto"})

    assert refused["code"] == "NOT_FOUND"
    assert house.arrived() == [(["Bearer hidden"], ["otto"])]


async def test_a_connection_of_a_third_user_does_not_exist(house) -> None:
    ottos = await connect(house.clients["otto"], house.shop, "second")

    refused = await (await house.back_end()).refused("OK", actAs=ADA, connectionId=ottos)

    assert (refused["code"], refused["path"]) == ("NOT_FOUND", ["input", "connectionId"])
    assert house.upstream.requests == []


async def test_names_another_users_connection_to_those_alone_who_see_it(house) -> None:
    ottos = await connect(house.clients["otto"], house.shop, "second")
    admin = house.shop.by(house.tenant.client)

    seen = await admin.refused("OK", connectionId=ottos)
    unseen = await house.shop.by(house.clients["ada"]).refused("OK", connectionId=ottos)

    assert (seen["code"], seen["path"]) == ("FORBIDDEN", ["input", "connectionId"])
    assert seen["message"].startswith("This connection is another user's; act for that user")
    assert (unseen["code"], unseen["path"]) == ("NOT_FOUND", ["input", "connectionId"])
    assert house.upstream.requests == []
