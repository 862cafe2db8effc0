"""The transparent proxy: what is sent, and what is refused before anything is."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import col, select

from models.tables import Installation
from models.vocabulary import DispatchOutcome, HttpMethod, InstallationStatus, Source
from tests.harness.apps import Apps
from tests.informer.conftest import REQUEST, Informer, records, refused, stock
from tests.upstreams.canned import reply
from tests.upstreams.faults import FaultServer


async def test_sends_what_is_asked_with_the_credential(send, upstream: FaultServer):
    await send(
        "/files/7?page=2",
        method="POST",
        params={"q": "a b", "n": 3, "on": True, "tags": ["x", "y"], "none": None},
        data={"a": [1, "ü"]},
        headers={"X-Trace": "t-1", "Accept": "text/csv"},
    )

    (got,) = upstream.requests
    assert (got.method, got.target) == ("POST", "/v2/files/7?page=2&q=a%20b&n=3&on=true&tags=x&tags=y")
    assert got.body == '{"a":[1,"ü"]}'.encode()
    sent = {name: got.header(name) for name in ("X-Key", "X-Trace", "Accept", "Content-Type", "Authorization")}
    assert sent == {
        "X-Key": ["the-key-4711"],
        "X-Trace": ["t-1"],
        "Accept": ["text/csv"],
        "Content-Type": ["application/json"],
        "Authorization": [],
    }


@pytest.mark.parametrize("method", [*HttpMethod, "patch", None])
async def test_sends_by_every_method(method: str | None, send, upstream: FaultServer):
    await send("/ok", **({"method": method} if method else {}))

    assert upstream.requests[0].method == (method or "GET").upper()


@pytest.mark.parametrize(
    ("data", "content_type", "body", "sent_type"),
    [
        ("a=1&b=2", "application/x-www-form-urlencoded", b"a=1&b=2", "application/x-www-form-urlencoded"),
        ("plain ü", None, "plain ü".encode(), "text/plain; charset=utf-8"),
        ('{"a": 1}', "application/json", b'{"a": 1}', "application/json"),
        ({"a": 1}, "application/vnd.api+json", b'{"a":1}', "application/vnd.api+json"),
        ([1, None], None, b"[1,null]", "application/json"),
        (0, None, b"0", "application/json"),
        (False, None, b"false", "application/json"),
        ("", None, b"", "text/plain; charset=utf-8"),
    ],
)
async def test_text_goes_as_it_stands_and_values_as_json(
    data: Any, content_type: str | None, body: bytes, sent_type: str, send, upstream: FaultServer
):
    await send("/x", method="PUT", data=data, headers={"content-type": content_type} if content_type else {})

    (got,) = upstream.requests
    assert (got.body, got.header("Content-Type")) == (body, [sent_type])


async def test_without_data_there_is_no_body(send, upstream: FaultServer):
    await send("/x", method="POST", data=None)

    (got,) = upstream.requests
    assert (got.body, got.header("Content-Type"), got.header("Content-Length")) == (b"", [], ["0"])


async def test_a_key_in_the_query_cannot_be_doubled(client: Informer, upstream: FaultServer, apps: Apps):
    await stock(client, upstream, apiKeyLocation="query", apiKeyName="key")

    good = await client("POST", REQUEST, {"url": "/x?a=1"})
    by_path = await client("POST", REQUEST, {"url": "/x?a=1&%6bey=mine"})
    by_params = await client("POST", REQUEST, {"url": "/x", "params": {"key": "mine"}})

    assert good.status_code == 200
    assert "The hub sets" in refused(by_path, 400)
    assert "The hub sets" in refused(by_params, 400)
    assert [one.target for one in upstream.requests] == ["/v2/x?a=1&key=the-key-4711"]
    (record,) = await records(apps)
    assert "4711" not in record.url


async def test_adds_the_integrations_own_headers_expanded_for_the_caller(
    client: Informer, user: Informer, upstream: FaultServer, apps: Apps
):
    own = {"X-Who": "${user.username}", "X-Tenant": "${tenant.id}", "X-Fixed": "hidden-value-1"}
    await stock(client, upstream, headers=own)
    await client.ok("PUT", "/integrations/stock/shares/member")

    for caller in (client, user):
        await caller("POST", REQUEST, {"url": "/x", "headers": {"X-Who": "somebody else"}})

    assert [one.header("X-Who") for one in upstream.requests] == [["admin"], ["member"]]
    assert [one.header("X-Tenant") for one in upstream.requests] == [[apps.tenant.id]] * 2
    assert upstream.requests[0].header("X-Fixed") == ["hidden-value-1"]


async def test_uses_the_callers_own_connection_before_the_shared_one(
    client: Informer, user: Informer, upstream: FaultServer
):
    await stock(client, upstream)
    await client.ok("PUT", "/integrations/stock/shares/member")
    await user.ok("POST", "/integrations/stock/connect", {"apiKey": "own-key-of-member"}, 201)

    for caller in (client, user):
        await caller("POST", REQUEST, {"url": "/x"})

    assert [one.header("X-Key") for one in upstream.requests] == [["the-key-4711"], ["own-key-of-member"]]


@pytest.mark.parametrize(
    ("auth_type", "body", "header"),
    [
        ("basic", {"username": "ada", "password": "engine"}, "Basic YWRhOmVuZ2luZQ=="),
        ("bearer", {"token": "t-4711"}, "Bearer t-4711"),
    ],
)
async def test_authorises_as_the_integration_does(
    auth_type: str, body: dict, header: str, client: Informer, upstream: FaultServer
):
    await client.make(authType=auth_type, apiBaseUri=upstream.url)
    await client.ok("POST", "/integrations/stock/connect", body, 201)

    await client("POST", REQUEST, {"url": "/x"})

    assert upstream.requests[0].header("Authorization") == [header]


async def test_says_what_is_missing_before_it_sends_anything(client: Informer, upstream: FaultServer, apps: Apps):
    await client.make(authType="bearer")

    unconnected = await client("POST", REQUEST, {"url": "/x"})
    await client.ok("POST", "/integrations/stock/connect", {"token": "t"}, 201)
    addressless = await client("POST", REQUEST, {"url": "/x"})

    assert refused(unconnected, 409) == "There is no connection to use; connect first."
    assert refused(addressless, 400) == "url: The integration has no API base address; set it."
    assert await records(apps) == []


async def test_records_each_as_a_dispatch_of_no_capability(send, apps: Apps, upstream: FaultServer):
    await send("/ok?secret=4711", method="POST", data={"a": 1})

    (record,) = await records(apps)
    assert (record.outcome, record.external_status) == (DispatchOutcome.SUCCEEDED, 200)
    assert (record.capability_id, record.capability_name) == (None, None)
    assert (record.source, record.method) == (Source.INFORMER, HttpMethod.POST)
    assert record.url == f"{upstream.url}/v2/ok?secret=***"
    assert None not in (record.integration_id, record.connection_id, record.installation_id, record.principal_id)


async def test_the_same_key_answers_what_was_answered(send, apps: Apps, upstream: FaultServer):
    content = b"\x00\x01 not text"
    made = reply(content, "application/x", "201 Made", "Link: </a>", "Link: </b>", "Set-Cookie: a=b", "X-Name: f!r")
    upstream.answers["/v2/x"] = made.replace(b"f!r", b"f\xfcr")
    keyed = {"method": "POST", "data": {"a": 1}, "sent": {"Idempotency-Key": "k-1"}}

    first = await send("/x", **keyed)
    again = await send("/x", **keyed)
    other = await send("/y", **keyed)

    assert (again.status_code, again.content) == (first.status_code, first.content) == (201, content)
    same = [[pair for pair in one.headers.raw if pair[0].lower() != b"date"] for one in (first, again)]
    assert same[0] == same[1]
    assert refused(other, 409) == "This key was used with another input; use a new key."
    (got,) = upstream.requests
    assert got.header("Idempotency-Key") == ["k-1"]
    assert len(await records(apps)) == 1


async def test_a_paused_installation_sends_nothing(send, client: Informer, apps: Apps, upstream: FaultServer):
    async with apps.database.write() as session:
        own = select(Installation).where(col(Installation.organization_id) == apps.tenant.id)
        (await session.execute(own)).scalars().one().status = InstallationStatus.PAUSED

    assert refused(await send("/x"), 409) == "The installation is paused; resume it."
    assert upstream.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "/sites/https%3A%2F%2Fexample.com%2F/searchAnalytics/query",
        "/sites/https%3a%2f%2fexample.com%2f?a=%2f",
        "/projects/group%2Fproject/x%20y",
    ],
)
async def test_an_encoded_address_in_a_segment_goes_byte_for_byte(url: str, send, upstream: FaultServer):
    await send(url)

    assert [one.target for one in upstream.requests] == [f"/v2{url}"]


async def test_scheme_and_host_may_be_in_capitals(client: Informer, upstream: FaultServer):
    await stock(client, upstream, apiBaseUri=f"{upstream.url}/V2".replace("http://127.0.0.1", "HTTP://LOCALHOST"))

    answer = await client("POST", REQUEST, {"url": "/x"})

    (got,) = upstream.requests
    assert answer.status_code == 200, answer.text
    assert (got.target, got.header("X-Key")) == ("/V2/x", ["the-key-4711"])
