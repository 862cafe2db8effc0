"""Connect links for other users: with ACT_AS, for those who can be acted for, at integrations that both reach."""

from __future__ import annotations

from typing import Any

from models.vocabulary import Permission
from tests.acting.conftest import AUTH, BACK_END, MEMBER, House, connect
from tests.connect.people import create_link, new_browser, submit
from tests.harness.acting import act, listed, row_id
from tests.harness.backends import both
from tests.harness.calling import App, app, capability

pytestmark = both

WITHOUT = tuple(word for word in BACK_END if word != "ACT_AS")


async def link(house: House, client: Any, username: str, **more: Any) -> dict[str, Any]:
    """The payload of createConnectSession for a user, or the problem."""
    holder = house.people.get(username, house.tenant.admin_id)
    return await create_link(client, **{"integrationIds": [house.shop.id], "principalId": holder} | more)


async def test_a_back_end_uses_the_connection_that_a_user_made_on_its_link(house, hub) -> None:
    await house.add("new")
    back_end = await house.back_end()

    made = await link(house, back_end.client, "new")
    with new_browser(hub) as browser:
        browser.get(made["url"])
        page = submit(browser, made["url"], integration=row_id(house.shop.id), token="fresh")
    assert page.status_code == 303, page.text
    await back_end.run("OK", actAs={"username": "new"})

    assert house.arrived() == [(["Bearer fresh"], ["new"])]


async def test_no_token_makes_a_link_for_another_user_without_act_as(house) -> None:
    ada = house.people["ada"]
    clients = {
        "of the app": house.graphql(await house.token(*WITHOUT)),
        "of a member's app": await _members_app_token(house),
        "a member's": house.graphql(await house.token(*WITHOUT, principalId=ada)),
    }
    before = await house.rows()

    for name, client in clients.items():
        for holder in ("otto", "admin"):
            refused = await link(house, client, holder)
            assert (refused.get("code"), refused.get("permission")) == ("FORBIDDEN", "ACT_AS"), name
            assert refused["path"] == ["input", "principalId"]
        unknown = await link(house, client, "ada", principalId="0" * 24)
        assert unknown["code"] == "FORBIDDEN", "it does not say who exists"

    assert set(await house.changed(before)) == {"+ audit_entry"}


async def test_a_user_needs_nothing_more_for_their_own_link_and_an_administrator_for_none(house) -> None:
    own = await link(house, house.clients["ada"], "ada")
    by_admin = [await link(house, house.tenant.client, name) for name in ("ada", "admin")]

    assert [one["__typename"] for one in (own, *by_admin)] == ["ConnectSessionPayload"] * 3


async def test_makes_no_link_for_those_whom_nobody_acts_for(house, new_organization) -> None:
    await house.add("gone")
    await house.change("gone", disabled=True)
    await house.add("boss", *MEMBER, Permission.ORGANIZATION_ADMIN)
    client = (await house.back_end()).client
    foreign = await (await new_organization()).add_user("foreign", *MEMBER)
    before = await house.rows()

    boss, admin = [await link(house, client, name) for name in ("boss", "admin")]
    gone = await link(house, client, "gone")
    stranger = await link(house, client, "ada", principalId=foreign)

    assert [(one["code"], one["path"]) for one in (boss, admin, gone, stranger)] == [
        ("FORBIDDEN", ["input", "principalId"]),
        ("FORBIDDEN", ["input", "principalId"]),
        ("INVALID_INPUT", ["input", "principalId"]),
        ("NOT_FOUND", ["input", "principalId"]),
    ]
    assert set(await house.changed(before)) == {"+ audit_entry"}


async def test_a_link_reaches_what_the_user_and_the_token_reach(house) -> None:
    async def make(name: str, **facts: Any) -> App:
        declared = capability("OK", "GET", "/ok")
        return await app(house.tenant.client, house.upstream.url, declared, name=name, auth=AUTH, **facts)

    other, hidden = await make("Other"), await make("Hidden", access="RESTRICTED")
    of_shop = (await house.back_end()).client
    of_hidden = house.graphql(await house.token(integrationId=hidden.id))
    before = await house.rows()

    elsewhere = await link(house, of_shop, "ada", integrationIds=[house.shop.id, other.id])
    unseen = await link(house, of_hidden, "ada", integrationIds=[hidden.id])

    assert (elsewhere["code"], elsewhere["path"]) == ("NOT_FOUND", ["input", "integrationIds", "1"])
    assert (unseen["code"], unseen["path"]) == ("NOT_FOUND", ["input", "integrationIds", "0"])
    assert await house.changed(before) == []


async def test_a_link_renews_the_connection_of_its_user_only(house) -> None:
    ottos = await connect(house.clients["otto"], house.shop, "second")
    (adas,) = await listed(house.clients["ada"], "connections", "id")
    client = (await house.back_end()).client

    own = await link(house, client, "ada", connectionId=adas["id"])
    theirs = await link(house, client, "ada", connectionId=ottos)

    assert own["__typename"] == "ConnectSessionPayload"
    assert (theirs["code"], theirs["path"]) == ("NOT_FOUND", ["input", "connectionId"])


async def _members_app_token(house: House) -> Any:
    """The token that a member makes for an app: with it they connected in the administrator's name."""
    new = {"name": "mine", "permissions": ["CONNECTIONS_WRITE"], "integrationId": house.shop.id}
    return house.graphql((await act(house.clients["ada"], "createToken", new, "secret"))["secret"])
