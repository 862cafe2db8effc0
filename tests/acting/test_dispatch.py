"""Dispatches for users: their connection, their name, the permissions of both, and a record that names both."""

from __future__ import annotations

from sqlalchemy import select
from sqlmodel import col

from models.tables import AuditEntry, Dispatch, Token
from models.vocabulary import Permission
from tests.acting.conftest import BACK_END, connect
from tests.harness.acting import row_id
from tests.harness.backends import both

ADA = {"username": "ada"}

pytestmark = both


async def test_takes_the_users_connection_and_name_by_each_name_of_theirs(house) -> None:
    back_end = await house.back_end()
    for ref in (ADA, {"username": "otto"}, {"id": house.people["ada"]}):
        done = await back_end.run("OK", {"a": "x"}, actAs=ref)
        assert done["dispatch"]["outcome"] == "SUCCEEDED"

    assert house.arrived() == [(["Bearer ada"], ["ada"]), (["Bearer otto"], ["otto"]), (["Bearer ada"], ["ada"])]


async def test_without_act_as_a_token_of_the_app_has_no_user(house) -> None:
    back_end = await house.back_end()

    refused = await back_end.refused("OK")

    assert (refused["code"], refused["reason"]) == ("NOT_READY", "NO_CONNECTION")
    assert house.upstream.requests == []


async def test_finds_a_user_by_subject(house, hub) -> None:
    document = """mutation($input: CreatePrincipalInput!) { createPrincipal(input: $input) { __typename } }"""
    person = {
        "kind": "USER",
        "username": "sub",
        "displayName": "S",
        "subject": "idp|7",
        "permissions": ["DISPATCH_READ"],
    }
    await house.tenant.client.query(document, input=person)
    await connect(house.tenant.client, house.shop, "shared", mode="SHARED")
    back_end = await house.back_end()

    await back_end.run("LOOK", actAs={"subject": "idp|7"})

    assert house.arrived() == [(["Bearer shared"], ["sub"])]


async def test_the_plan_is_the_users_too(house) -> None:
    back_end = await house.back_end()

    plan = await back_end.plan("OK", actAs=ADA)
    nobody = await back_end.plan("OK", actAs={"username": "otto"})

    assert (plan["allowed"], nobody["allowed"]) == (True, True)
    assert plan["connection"]["id"] != nobody["connection"]["id"]
    assert house.upstream.requests == []


async def test_the_record_names_the_user_and_the_token(house) -> None:
    back_end = await house.back_end()

    done = await back_end.run("OK", actAs=ADA)

    async with house.database.read() as session:
        row = await session.get(Dispatch, row_id(done["dispatch"]["id"]))
        token = (await session.execute(select(Token).where(col(Token.id) == row.token_id))).scalar_one()
    assert row.principal_id == house.people["ada"]
    assert (token.name, token.principal_id) == ("Back end", None)


async def test_needs_the_permission_of_both(house) -> None:
    await house.add("reader", Permission.DISPATCH_READ)
    await connect(house.tenant.client, house.shop, "shared", mode="SHARED")
    full, reading = await house.back_end(), await house.back_end("ACT_AS", "DISPATCH_READ")
    before = await house.rows()

    lacking_user = await full.refused("OK", actAs={"username": "reader"})
    lacking_token = await reading.refused("OK", actAs=ADA)
    changed = await house.changed(before)
    await full.run("LOOK", actAs={"username": "reader"})

    for refused in (lacking_user, lacking_token):
        assert (refused["code"], refused["permission"]) == ("FORBIDDEN", "DISPATCH_WRITE")
        assert refused["message"].endswith("must both have it.")
    assert changed == ["+ audit_entry", "+ audit_entry"]
    assert house.arrived() == [(["Bearer shared"], ["reader"])]


async def test_the_audit_names_both(house) -> None:
    await house.add("reader", Permission.DISPATCH_READ)
    back_end = await house.back_end()

    await back_end.refused("OK", actAs={"username": "reader"})

    async with house.database.read() as session:
        refusals = select(AuditEntry).where(
            col(AuditEntry.organization_id) == house.tenant.id, col(AuditEntry.action) == "permission.refused"
        )
        (entry,) = (await session.execute(refusals)).scalars()
    assert entry.actor_name == "reader, by Back end"
    assert entry.actor_id == house.people["reader"]
    assert entry.actor_token_id is not None


async def test_a_name_does_not_look_like_two_in_the_audit_log(house, graphql) -> None:
    await house.add("bob, by admin", Permission.DISPATCH_READ)
    alone = house.shop.by(await house.tenant.signed_in(Permission.DISPATCH_READ, username="bob, by admin"))
    token = await house.token("DISPATCH_READ", integrationId=house.shop.id, name="x, by admin")
    named = house.shop.by(graphql(token))
    back_end = await house.back_end("ACT_AS", "DISPATCH_READ")

    for shop, ref in ((alone, None), (named, None), (back_end, {"username": "bob, by admin"})):
        await shop.refused("OK", actAs=ref)

    async with house.database.read() as session:
        mine = select(AuditEntry).where(
            col(AuditEntry.organization_id) == house.tenant.id, col(AuditEntry.action) == "permission.refused"
        )
        entries = (await session.execute(mine.order_by(col(AuditEntry.id)))).scalars()
        names = [entry.actor_name for entry in entries]
    assert names == ["bob,by admin", "x,by admin", "bob,by admin, by Back end"]


async def test_a_key_belongs_to_the_user_and_the_token_together(house) -> None:
    first, second = await house.back_end(), await house.back_end()
    otto, own = {"username": "otto"}, house.shop.by(house.clients["ada"])
    calls = [(first, ADA), (first, otto), (second, ADA), (own, None)]

    new = [await shop.run("OK", idempotencyKey="k", actAs=ref) for shop, ref in calls]
    again = [await shop.run("OK", idempotencyKey="k", actAs=ref) for shop, ref in calls]
    planned = await first.plan("OK", idempotencyKey="k", actAs=ADA)

    assert [one["replayed"] for one in new] == [False] * 4
    assert [one["replayed"] for one in again] == [True] * 4
    assert [one["dispatch"]["id"] for one in again] == [one["dispatch"]["id"] for one in new]
    assert planned["idempotency"] == "REPLAY"
    assert [credential for credential, _ in house.arrived()] == [
        ["Bearer ada"],
        ["Bearer otto"],
        ["Bearer ada"],
        ["Bearer ada"],
    ]


async def test_a_user_without_a_connection_is_invited_with_their_own_link(house) -> None:
    await house.add("new")
    back_end = await house.back_end()

    refused = await back_end.refused("OK", actAs={"username": "new"})

    assert (refused["code"], refused["reason"]) == ("NOT_READY", "NO_CONNECTION")
    assert "/connect/" in refused["connectUrl"]
    assert house.upstream.requests == []


async def test_a_token_reaches_its_own_capabilities_only(house) -> None:
    found = await house.tenant.client.query(
        'query($id: ID!) { integration(by: {id: $id}) { capability(name: "LOOK") { id } } }', id=house.shop.id
    )
    look = found["integration"]["capability"]["id"]
    back_end = await house.back_end(*BACK_END, integrationId=house.shop.id, allowedCapabilityIds=[look])

    refused = await back_end.refused("OK", actAs=ADA)
    await back_end.run("LOOK", actAs=ADA)

    assert (refused["code"], refused["path"]) == ("FORBIDDEN", ["input", "capability"])
    assert house.arrived() == [(["Bearer ada"], ["ada"])]
