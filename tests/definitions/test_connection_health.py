"""Whether a connection works: asked of the remote service by the definition's requests, and written down."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from models.tables import Connection
from resolvers.caller import Caller
from resolvers.connections.health import Finding, masked
from resolvers.work import Work
from tests.definitions.conftest import described, save
from tests.harness.acting import PROBLEM, act
from tests.harness.rows import added, changes, snapshot
from tests.upstreams.canned import CANNED

TOKEN = "token-of-the-vendor-1234"
SHOWN = "status lastError lastErrorAt account { accountId email displayName }"
TEST = f"""mutation($id: ID!) {{ testConnection(id: $id) {{
  ... on ConnectionPayload {{ connection {{ {SHOWN} }} }} {PROBLEM} }} }}"""
ADA = {"accountId": "7", "email": "ada@example.com", "displayName": "Ada"}


async def examined(client, connection_id: str) -> dict[str, Any]:
    """The connection afterwards, or the problem."""
    answer = (await client.query(TEST, id=connection_id))["testConnection"]
    return answer.get("connection", answer)


@pytest.fixture
def connected(organization, vendor):
    """Makes a connection at an integration of the vendor, described with these members."""

    async def make(**members: Any) -> str:
        assert "id" in await save(organization.client, "vendor", described(vendor, **members))
        given = {"name": "Shop", "vendor": "vendor", "secret": {"bearerToken": TOKEN}}
        made = await act(organization.client, "createIntegration", given, "connection { id }")
        return made["connection"]["id"]

    return make


async def test_says_that_it_works_and_who_it_is(organization, vendor, connected):
    connection = await connected()

    found = await examined(organization.client, connection)

    (asked,) = vendor.received("/me")
    assert found == {"status": "CONNECTED", "lastError": None, "lastErrorAt": None, "account": ADA}
    assert asked.header("Authorization") == [f"Bearer {TOKEN}"]


async def test_goes_offline_and_comes_back(organization, vendor, connected, database):
    connection = await connected()
    await examined(organization.client, connection)
    vendor.answers("/me", {"error": "revoked"}, "401 Unauthorized")
    offline = await examined(organization.client, connection)
    before = await snapshot(database, organization.id)
    vendor.answers("/me", {"ok": True, "user": {"id": "new"}})

    back = await examined(organization.client, connection)

    said = added(before, await snapshot(database, organization.id), "event")
    assert (offline["status"], offline["lastError"]) == ("OFFLINE", "The remote service answered 401: revoked")
    assert offline["lastErrorAt"] is not None
    assert offline["account"] == ADA
    assert (back["status"], back["lastError"], back["account"]["accountId"]) == ("CONNECTED", None, "new")
    assert [event["type"] for event in said] == ["Hub.connection.recovered"]


@pytest.mark.parametrize("answer", [CANNED["/empty"], CANNED["/garbage"], CANNED["/not-json"], CANNED["/nan"]])
async def test_is_offline_where_the_answer_is_no_use(organization, vendor, connected, answer):
    connection = await connected()
    vendor.faults.answers[f"{vendor.base}/me"] = answer

    found = await examined(organization.client, connection)

    assert (found["status"], bool(found["lastError"])) == ("OFFLINE", True)


async def test_the_account_request_will_do_where_there_is_no_verification(organization, vendor, connected):
    connection = await connected(verification=None)
    works = await examined(organization.client, connection)
    vendor.answers("/me", {}, "403 Forbidden")

    refused = await examined(organization.client, connection)

    assert (works["status"], works["account"]) == ("CONNECTED", ADA)
    assert (refused["status"], refused["lastError"]) == ("OFFLINE", "The remote service answered 403.")


async def test_openid_userinfo_will_do_where_there_is_neither(organization, vendor, connected):
    vendor.answers("/userinfo", {"sub": "s-1", "email": "ada@example.com", "preferred_username": "ada"})
    auth = {"type": "BEARER", "apiBaseUrl": vendor.url, "userinfoUrl": f"{vendor.url}/userinfo"}
    connection = await connected(verification=None, account=None, auth=auth)

    found = await examined(organization.client, connection)

    assert found["account"] == {"accountId": "s-1", "email": "ada@example.com", "displayName": "ada"}


async def test_asks_for_the_account_by_itself_where_it_is_another_request(organization, vendor, connected):
    vendor.answers("/who", {"id": 9})
    connection = await connected(account={"request": {"method": "POST", "path": "/who", "body": {"a": 1}},
                                          "accountId": "id"})  # fmt: skip

    found = await examined(organization.client, connection)

    (asked,) = vendor.received("/who")
    assert found["account"] == {"accountId": "9", "email": None, "displayName": None}
    assert (asked.method, asked.body, asked.header("Content-Type")) == ("POST", b'{"a":1}', ["application/json"])
    assert len(vendor.received("/me")) == 1


async def test_the_headers_of_a_verification_outrank_those_of_the_integration(organization, vendor, connected):
    headers = {"X-Version": "integration", "X-Other": "integration"}
    auth = {"type": "BEARER", "apiBaseUrl": vendor.url, "headers": headers}
    request = {"path": "/me", "headers": {"x-version": "verification", "Authorization": "verification"}}
    connection = await connected(auth=auth, verification={"request": request}, account=None)

    await examined(organization.client, connection)

    (asked,) = vendor.received("/me")
    sent = [asked.header(name) for name in ("X-Version", "X-Other", "Authorization")]
    assert sent == [["verification"], ["integration"], [f"Bearer {TOKEN}"]]


async def test_shows_no_secret_that_the_remote_service_repeats(organization, vendor, connected, database):
    connection = await connected()
    vendor.answers("/me", {"error": f"no such token {TOKEN}"}, "401 Unauthorized")
    refused = await examined(organization.client, connection)
    vendor.answers("/me", {"ok": True, "user": {"id": TOKEN, "email": f"{TOKEN}@example.com\u202e\u0000"}})

    taken = await examined(organization.client, connection)

    assert refused["lastError"] == "The remote service answered 401: no such token ***"
    assert taken["account"] == {"accountId": "***", "email": "***@example.com", "displayName": None}
    assert TOKEN not in str(await snapshot(database, organization.id))


async def test_a_secret_renewed_meanwhile_is_masked_before_a_text_is_cut(organization, connected, database, hub):
    await connected()
    mine = select(Connection).where(col(Connection.organization_id) == organization.id)
    finding = Finding(error="x" * 390 + TOKEN, account={"email": "x" * 253 + TOKEN})

    async with database.read() as session:
        connection = (await session.execute(mine)).scalar_one()
        shown = masked(Work(Caller.of_hub(hub.app.state.hub, organization.id), lambda: session), connection, finding)

    assert shown == Finding(error="x" * 390 + "***", account={"email": "x" * 253 + "**"})


async def test_shows_no_header_of_the_integration_that_the_remote_service_repeats(organization, vendor, connected):
    headers = {"X-Key": "Token header-value-0123", "X-User": "of ${tenant.slug}", "Accept": "application/json"}
    auth = {"type": "BEARER", "apiBaseUrl": vendor.url, "headers": headers}
    connection = await connected(auth=auth)
    said = f"header-value-0123 of {organization.slug} wants application/json"
    vendor.answers("/me", {"error": said}, "401 Unauthorized")

    found = await examined(organization.client, connection)

    assert found["lastError"].endswith(f": *** of {organization.slug} wants application/json")


async def test_is_an_entry_of_the_audit(organization, vendor, connected, database):
    connection = await connected()
    vendor.answers("/me", {}, "401 Unauthorized")
    before = await snapshot(database, organization.id)

    await examined(organization.client, connection)

    (entry,) = added(before, await snapshot(database, organization.id), "audit_entry")
    assert (entry["action"], entry["resource_type"]) == ("connection.tested", "Connection")
    assert {change["path"] for change in entry["changes"]} >= {"status"}


async def test_refuses_what_cannot_be_tested_and_changes_nothing(organization, database):
    given = {"name": "Own", "auth": {"apiBaseUrl": "http://127.0.0.1:9"}, "secret": {"apiKey": "k"}}
    made = await act(organization.client, "createIntegration", given, "connection { id }")
    before = await snapshot(database, organization.id)

    refused = await examined(organization.client, made["connection"]["id"])

    assert (refused["code"], refused["path"]) == ("INVALID_INPUT", ["id"])
    assert changes(before, await snapshot(database, organization.id)) == []
