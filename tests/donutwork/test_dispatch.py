"""What comes of an action: answers, failures, keys, records."""

from __future__ import annotations

import asyncio

import pytest
from sqlmodel import col, select

from models.tables import Installation
from models.vocabulary import (
    CapabilityEffect,
    DispatchOutcome,
    HttpMethod,
    InstallationStatus,
    Permission,
    Source,
)
from resolvers.capabilities.declaring import DeclareCapability
from tests.donutwork.conftest import Donut, records, refused
from tests.harness.apps import Apps
from tests.upstreams.canned import reply
from tests.upstreams.faults import FaultServer


@pytest.mark.parametrize(
    ("status", "success"),
    [
        ("200 OK", True),
        ("201 Made", True),
        ("302 Found", True),
        ("404 No", False),
        ("429 Slow", False),
        ("500 Oh", False),
    ],
)
async def test_relays_any_status_with_200(status, success, declare, client: Donut, upstream: FaultServer):
    upstream.answers["/answer"] = reply(b'{"said": "so"}', "application/json", status)
    await declare("POST", f"{upstream.url}/answer")

    answer = await client.ok("POST", "/integrations/STOCK/RUN.json", {})

    assert answer == {
        "success": success,
        "integration": "STOCK",
        "action": "RUN",
        "external_status": int(status[:3]),
        "response": {"said": "so"},
    }


@pytest.mark.parametrize(
    ("body", "content_type", "shown"),
    [
        (b'[1, "a", null]', "application/json", [1, "a", None]),
        (b"null", "application/json", None),
        (b"", "application/json", None),
        ("für".encode("latin-1"), "text/plain; charset=iso-8859-1", "für"),
        (b"<b>no json</b>", "application/json", "<b>no json</b>"),
        (b"\x00\xff", "image/png", "AP8="),
        (b'{"a":NaN}', "application/json", '{"a":NaN}'),
    ],
)
async def test_shows_json_as_json_text_as_text_and_the_rest_as_base64(
    body, content_type, shown, declare, client: Donut, upstream: FaultServer
):
    upstream.answers["/answer"] = reply(body, content_type)
    await declare("GET", f"{upstream.url}/answer")

    answer = await client.ok("GET", "/integrations/STOCK/RUN.json")

    assert answer["response"] == shown


@pytest.mark.parametrize("key", [None, "once"])
async def test_relays_json_as_it_was_sent(key, declare, client: Donut, upstream: FaultServer):
    sent = b'{"id": 12345678901234567890123,\n "sum":1234567890123456.78,"e":1E5,"z":1.10,"big":1e400,"z":2}'
    upstream.answers["/answer"] = reply(sent, "application/json; charset=ISO-8859-1")
    await declare("POST", f"{upstream.url}/answer")

    first = await client("POST", "/integrations/STOCK/RUN.json", {}, key=key)
    again = await client("POST", "/integrations/STOCK/RUN.json", {}, key=key)

    assert b'"response":' + sent + b"}" in first.content
    assert again.content == first.content


async def test_names_the_fault_of_a_body_that_is_said_to_be_json(declare, client: Donut, upstream: FaultServer):
    upstream.answers["/answer"] = reply(b'{"a":NaN}', "application/json")
    await declare("GET", f"{upstream.url}/answer")

    answer = await client.ok("GET", "/integrations/STOCK/RUN.json")

    assert (answer["success"], answer["response"]) == (True, '{"a":NaN}')
    assert answer["parse_error"] == "This is no JSON at line 1, column 6 (position 5): NaN is no number of JSON."


@pytest.mark.parametrize("key", [None, "once"])
@pytest.mark.parametrize("path", ["/reset", "/garbage", "/empty", "/short", "/huge-header"])
async def test_says_502_where_there_was_no_answer(path, key, declare, client: Donut, upstream: FaultServer, apps):
    await declare("POST", f"{upstream.url}{path}")

    first = refused(await client("POST", "/integrations/STOCK/RUN.json", {}, key=key), 502)
    calls = len(upstream.requests)
    second = refused(await client("POST", "/integrations/STOCK/RUN.json", {}, key=key), 502)

    assert first == second
    assert "127.0.0.1" not in first
    assert calls > 0
    assert (len(upstream.requests) == calls) is (key is not None)
    assert {row.outcome for row in await records(apps)} == {DispatchOutcome.UPSTREAM_FAILED}


async def test_says_504_where_the_time_was_up(client: Donut, upstream: FaultServer, apps: Apps):
    slow = DeclareCapability(name="RUN", method=HttpMethod.POST, endpoint=f"{upstream.url}/silent", timeout_seconds=1)
    await apps.make("Stock", slow)

    async def ask(key: str | None) -> str:
        return refused(await client("POST", "/integrations/STOCK/RUN.json", key=key), 504)

    sentences = await asyncio.gather(ask("once"), ask(None), ask(None))
    again = await ask("once")

    assert {*sentences, again} == {"The remote service did not answer in time."}
    assert len(upstream.requests) == 3


@pytest.mark.parametrize("key", [None, "once"])
async def test_says_502_without_the_address_where_egress_is_refused(key, declare, client: Donut, apps: Apps):
    await declare("POST", "http://169.254.169.254/latest/meta-data")

    first = refused(await client("POST", "/integrations/STOCK/RUN.json", {}, key=key), 502)
    second = refused(await client("POST", "/integrations/STOCK/RUN.json", {}, key=key), 502)

    assert first == second == "The egress policy does not allow this address."
    assert {row.outcome for row in await records(apps)} == {DispatchOutcome.REFUSED}


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
async def test_answers_the_same_key_with_the_stored_answer(method, declare, client: Donut, upstream: FaultServer):
    await declare(method, f"{upstream.url}/ok")
    body = {} if method in ("POST", "PUT") else None

    first = await client.ok(method, "/integrations/STOCK/RUN.json", body, key="k1")
    again = await client.ok(method, "/integrations/STOCK/RUN.json", body, key="k1")
    await client.ok(method, "/integrations/STOCK/RUN.json", body, key="k2")

    assert first == again
    assert len(upstream.requests) == 2
    assert [received.header("idempotency-key") for received in upstream.requests] == [["k1"], ["k2"]]


async def test_refuses_a_key_that_was_used_with_other_inputs(declare, client: Donut, upstream: FaultServer):
    await declare("POST", f"{upstream.url}/ok")
    await client.ok("POST", "/integrations/STOCK/RUN.json", {"a": 1}, key="k1")

    sentence = refused(await client("POST", "/integrations/STOCK/RUN.json", {"a": 2}, key="k1"), 409)

    assert sentence == "This key was used with another input; use a new key."
    assert len(upstream.requests) == 1


async def test_refuses_a_key_that_is_too_long(declare, client: Donut, upstream: FaultServer):
    await declare("POST", f"{upstream.url}/ok")

    sentence = refused(await client("POST", "/integrations/STOCK/RUN.json", {}, key="k" * 121), 400)

    assert sentence == "Idempotency-Key: It must have 1 to 120 characters."
    assert upstream.connections == 0


async def test_records_a_dispatch_as_this_dialects(declare, client: Donut, upstream: FaultServer, apps: Apps):
    await declare("POST", f"{upstream.url}/ok")

    await client.ok("POST", "/integrations/STOCK/RUN.json", {})

    (row,) = await records(apps)
    assert (row.source, row.outcome, row.capability_name) == (Source.DONUTWORK, DispatchOutcome.SUCCEEDED, "RUN")
    assert (row.principal_id, row.external_status) == (apps.tenant.admin_id, 200)


async def test_shows_the_apps_token_to_the_app_alone(donut, apps: Apps, client: Donut, upstream: FaultServer):
    app = await apps.make("Stock")
    manifest = {
        "app_token": "ours-4711-secret",
        "capabilities": [{"action": "RUN", "method": "GET", "endpoint": f"{upstream.url}/ok"}],
    }
    await donut(await apps.token(app)).ok("PUT", "/integrations.json", manifest)

    await client.ok("GET", "/integrations/STOCK/RUN.json", headers={"X-Forwarded-For": "10.0.0.1"})

    (received,) = upstream.requests
    assert received.header("authorization") == ["Bearer ours-4711-secret"]
    assert client.headers["Authorization"].encode() not in received.raw
    assert received.header("x-forwarded-for") == []


async def test_refuses_while_the_installation_is_paused(declare, client: Donut, upstream: FaultServer, apps: Apps):
    await declare("POST", f"{upstream.url}/ok")
    async with apps.database.write() as session:
        own = select(Installation).where(col(Installation.organization_id) == apps.tenant.id)
        (await session.execute(own)).scalars().one().status = InstallationStatus.PAUSED

    sentence = refused(await client("POST", "/integrations/STOCK/RUN.json", {}), 409)

    assert sentence == "The installation is paused; resume it."
    assert upstream.connections == 0


async def test_asks_for_the_permission_that_the_effect_needs(donut, apps: Apps, upstream: FaultServer):
    capability = DeclareCapability(
        name="PURGE", method=HttpMethod.GET, endpoint=f"{upstream.url}/ok", effect=CapabilityEffect.DESTRUCTIVE
    )
    await apps.make("Stock", capability)
    reader = donut(await apps.tenant.issue(Permission.DISPATCH_READ))
    writer = donut(await apps.tenant.issue(Permission.DISPATCH_WRITE))

    sentence = refused(await reader("GET", "/integrations/STOCK/PURGE.json"), 403)
    await writer.ok("GET", "/integrations/STOCK/PURGE.json")

    assert sentence == "This needs the permission DISPATCH_WRITE."
    assert len(upstream.requests) == 1
