"""Proxied requests and events for users: as dispatches are, with the permissions, reach, keys and records of both."""

from __future__ import annotations

from typing import Any

from models.vocabulary import Permission
from tests.acting.conftest import AUTH, BACK_END, House, connect
from tests.harness.acting import act, refusal
from tests.harness.backends import both
from tests.harness.calling import CALLED, app, capability

pytestmark = both

ADA, OTTO = {"username": "ada"}, {"username": "otto"}


def request(house: House, **more: Any) -> dict[str, Any]:
    return {"integration": {"id": house.shop.id}, "path": "/ok", "method": "POST"} | more


def event(house: House, **more: Any) -> dict[str, Any]:
    return {"integration": {"id": house.shop.id}, "type": "DONE"} | more


async def test_a_request_goes_out_with_the_users_connection_and_name(house) -> None:
    client = (await house.back_end()).client

    new = [
        await act(client, "proxyRequest", request(house, actAs=one, idempotencyKey="k"), CALLED)
        for one in (ADA, OTTO)
    ]
    again = await act(client, "proxyRequest", request(house, actAs=OTTO, idempotencyKey="k"), CALLED)

    assert [one["replayed"] for one in (*new, again)] == [False, False, True]
    assert again["dispatch"]["id"] == new[1]["dispatch"]["id"]
    assert house.arrived() == [(["Bearer ada"], ["ada"]), (["Bearer otto"], ["otto"])]


async def test_an_event_names_the_user_and_the_token(house) -> None:
    back_end = await house.back_end()
    done = await act(back_end.client, "emitEvent", event(house, actAs=ADA), "event { databaseId }")
    listed = """query($types: [String!]!) { events(filter: {type: $types}) { nodes {
      databaseId principal { username } token { name } } } }"""

    (row,) = await house.emitted()
    seen = (await house.tenant.client.query(listed, types=[row.type]))["events"]["nodes"]

    assert (row.principal_id, row.id) == (house.people["ada"], done["event"]["databaseId"])
    assert seen == [{"databaseId": row.id, "principal": {"username": "ada"}, "token": {"name": "Back end"}}]


async def test_a_key_of_an_event_belongs_to_the_user_and_the_token_together(house) -> None:
    first, second, own = await house.back_end(), await house.back_end(), house.shop.by(house.clients["ada"])
    calls = [(first, ADA), (first, OTTO), (second, ADA), (own, None)]

    async def emit(shop: Any, ref: Any) -> dict[str, Any]:
        return await act(
            shop.client, "emitEvent", event(house, actAs=ref, idempotencyKey="k"), "replayed event { id }"
        )

    new = [await emit(*call) for call in calls]
    again = [await emit(*call) for call in calls]

    assert [one["replayed"] for one in (*new, *again)] == [False] * 4 + [True] * 4
    assert [one["event"] for one in again] == [one["event"] for one in new]


async def test_both_need_the_permission(house) -> None:
    await house.add("reader", Permission.DISPATCH_READ)
    full = (await house.back_end()).client
    bare = (await house.back_end("ACT_AS", "DISPATCH_READ")).client
    before = await house.rows()

    for field, asked, word in (
        ("proxyRequest", request(house), "PROXY_REQUEST"),
        ("emitEvent", event(house), "EVENTS_EMIT"),
    ):
        for client, ref in ((full, {"username": "reader"}), (bare, ADA)):
            refused = await refusal(client, field, asked | {"actAs": ref})
            assert (refused["code"], refused["permission"]) == ("FORBIDDEN", word)
    assert set(await house.changed(before)) == {"+ audit_entry"}
    assert house.upstream.requests == []


async def test_a_token_of_another_app_reaches_nothing_here(house) -> None:
    facts = {"name": "Other", "auth": AUTH}
    other = await app(house.tenant.client, house.upstream.url, capability("OK", "POST", "/ok"), **facts)
    client = house.graphql(await house.token(*BACK_END, integrationId=other.id))
    before = await house.rows()

    sent = await refusal(client, "proxyRequest", request(house, actAs=ADA))
    emitted = await refusal(client, "emitEvent", event(house, actAs=ADA))

    assert (sent["code"], sent["path"]) == ("NOT_FOUND", ["input", "integration"])
    assert (emitted["code"], emitted["path"]) == ("NOT_FOUND", ["input", "integration"])
    assert await house.changed(before) == []
    assert house.upstream.requests == []


async def test_names_another_users_connection_to_those_alone_who_see_it(house) -> None:
    ottos = await connect(house.clients["otto"], house.shop, "second")

    seen = await refusal(house.tenant.client, "proxyRequest", request(house, connectionId=ottos))
    unseen = await refusal(house.clients["ada"], "proxyRequest", request(house, connectionId=ottos))

    assert (seen["code"], unseen["code"]) == ("FORBIDDEN", "NOT_FOUND")
    assert house.upstream.requests == []


async def test_the_graph_names_the_token_of_a_dispatch_and_of_an_audit_entry(house) -> None:
    back_end = await house.back_end()
    await back_end.run("OK", actAs=ADA)
    await house.add("reader", Permission.DISPATCH_READ)
    await back_end.refused("OK", actAs={"username": "reader"})

    seen = await house.tenant.client.query(
        """{ dispatches { nodes { principal { username } token { name } } }
             auditEntries(filter: {action: ["permission.refused"]}) {
               nodes { actor { username } actorName actorToken { name } } } }"""
    )

    assert seen["dispatches"]["nodes"] == [{"principal": {"username": "ada"}, "token": {"name": "Back end"}}]
    assert seen["auditEntries"]["nodes"] == [
        {"actor": {"username": "reader"}, "actorName": "reader, by Back end", "actorToken": {"name": "Back end"}}
    ]
