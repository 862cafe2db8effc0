"""The transparent proxy: what is sent, and what comes back as it is."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from sqlmodel import col, select

from models.errors import UpstreamTimeout
from models.tables import Dispatch, Installation
from models.vocabulary import DispatchOutcome, HttpMethod, InstallationStatus, Source
from resolvers.dispatching.proxying import ProxyRequest
from resolvers.find import IntegrationRef
from resolvers.mutations.proxy_request import proxy_request
from rest.informer import write
from rest.kit import Asked
from tests.harness.apps import Apps
from tests.informer.conftest import Informer, refused
from tests.upstreams.canned import CANNED, reply
from tests.upstreams.faults import FaultServer

REQUEST = "/integrations/stock/request"


async def stock(client: Informer, upstream: FaultServer, **members: Any) -> None:
    given = {
        "authType": "apikey",
        "apiKey": "the-key-4711",
        "apiKeyName": "X-Key",
        "apiBaseUri": f"{upstream.url}/v2",
    }
    await client.make(**{**given, **members})


@pytest.fixture
async def send(client: Informer, upstream: FaultServer):
    """`await send(url, **more)`, through an integration with a key in a header."""
    await stock(client, upstream)

    async def request(url: Any, **more: Any) -> Any:
        sent = {"headers": more.pop("sent", {})}
        return await client("POST", REQUEST, {"url": url, **more}, **sent)

    return request


async def records(apps: Apps) -> list[Dispatch]:
    async with apps.database.read() as session:
        mine = select(Dispatch).where(col(Dispatch.organization_id) == apps.tenant.id)
        return list((await session.execute(mine.order_by(col(Dispatch.id)))).scalars())


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


async def test_relays_bytes_as_they_are(send, upstream: FaultServer):
    content = bytes(range(256)) * 50
    upstream.answers["/v2/file"] = reply(content, "image/x-icon", "203 Taken", 'Content-Disposition: x; filename="a"')

    answer = await send("/file")

    assert (answer.status_code, answer.content) == (203, content)
    assert answer.headers["content-type"] == "image/x-icon"
    assert answer.headers["content-disposition"] == 'x; filename="a"'


@pytest.mark.parametrize("status", [201, 204, 304, 400, 401, 403, 404, 409, 418, 422, 500])
async def test_relays_every_status(status: int, send, upstream: FaultServer):
    body = b"" if status in (204, 304) else b'{"why":"because"}'
    upstream.answers["/v2/x"] = reply(body, "application/json", f"{status} Said", "X-Own: theirs")

    answer = await send("/x", method="POST")

    assert (answer.status_code, answer.content) == (status, body)
    assert answer.headers["x-own"] == "theirs"


async def test_relays_redirects_and_follows_none(send, upstream: FaultServer, canary: FaultServer):
    upstream.answers["/v2/moved"] = reply(b"", "text/plain", "307 Moved", f"Location: {canary.url}/next")
    moved = await send("/moved", method="POST", data={"a": 1})

    assert (moved.status_code, moved.headers["location"]) == (307, f"{canary.url}/next")
    assert canary.connections == 0


async def test_relays_what_was_compressed_as_it_was_before(send, upstream: FaultServer):
    packed = gzip.compress(b'{"a": 1}')
    upstream.answers["/v2/zip"] = reply(packed, "application/json", "200 OK", "Content-Encoding: gzip")

    answer = await send("/zip")

    assert answer.content == b'{"a": 1}'
    assert "content-encoding" not in answer.headers
    assert answer.headers["content-length"] == "8"


async def test_keeps_to_itself_what_is_of_one_hop_cookies_and_what_speaks_for_the_hub(send, upstream: FaultServer):
    upstream.answers["/v2/x"] = reply(
        b"{}", "application/json", "200 OK",
        "Set-Cookie: session=theirs; Path=/", "Set-Cookie2: a=b", "Access-Control-Allow-Origin: *",
        "Access-Control-Allow-Credentials: true", "Connection: close, X-Hop", "X-Hop: 1", "Keep-Alive: timeout=5",
        "Proxy-Authenticate: Basic", "Upgrade: h2c", "Trailer: X-T", "Strict-Transport-Security: max-age=1",
        "Clear-Site-Data: *", 'Alt-Svc: h3=":443"', "Server: theirs", "Date: Sun, 01 Jan 2023 00:00:00 GMT",
        "Link: </a>; rel=next", "Link: </b>; rel=prev", 'ETag: "e"', "WWW-Authenticate: Bearer", "X-Own: 1",
    )  # fmt: skip

    answer = await send("/x")

    assert sorted(answer.headers.multi_items()) == sorted(
        [
            *(("content-type", "application/json"), ("content-length", "2")),
            *(("link", "</a>; rel=next"), ("link", "</b>; rel=prev")),
            *(("etag", '"e"'), ("www-authenticate", "Bearer"), ("x-own", "1")),
            *(("date", answer.headers["date"]), ("server", "uvicorn")),
        ]
    )
    assert "2023" not in answer.headers["date"]


async def test_relays_headers_that_are_no_utf_8(send, upstream: FaultServer):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Name: f\xfcr\r\n\r\n"
    upstream.answers["/v2/x"] = head

    answer = await send("/x")

    assert (b"x-name", b"f\xfcr") in [(name.lower(), value) for name, value in answer.headers.raw]
    assert "content-type" not in answer.headers


@pytest.mark.parametrize("path", ["/bad-utf8", "/nan", "/not-json", "/latin1", "/wrong-charset"])
async def test_relays_what_is_no_sound_json(path: str, send, client: Informer, upstream: FaultServer):
    await client.ok("PUT", "/integrations/stock", {"apiBaseUri": upstream.url})

    answer = await send(path)

    assert (answer.status_code, answer.content) == (200, CANNED[path].partition(b"\r\n\r\n")[2])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/empty", 502),
        ("/garbage", 502),
        ("/short", 502),
        ("/bad-gzip", 502),
        ("/reset", 502),
        ("/big?length=1", 502),
    ],
)
async def test_is_a_bad_gateway_where_there_is_no_answer(
    path: str, status: int, send, client: Informer, apps: Apps, upstream: FaultServer
):
    await client.ok("PUT", "/integrations/stock", {"apiBaseUri": upstream.url})

    answer = await send(path, method="POST")

    assert upstream.url not in refused(answer, 502)
    (record,) = await records(apps)
    assert record.outcome is DispatchOutcome.UPSTREAM_FAILED


async def test_what_is_no_status_of_http_is_no_answer(send, upstream: FaultServer):
    upstream.answers["/v2/x"] = reply(b"{}", "application/json", "777 Odd")

    assert "777" in refused(await send("/x", method="POST"), 502)


@pytest.mark.parametrize("base", ["http://169.254.169.254/latest", "http://10.0.0.1", "https://127.0.0.1:1"])
async def test_is_a_bad_gateway_where_nothing_may_or_can_be_reached(base: str, send, client: Informer):
    await client.ok("PUT", "/integrations/stock", {"apiBaseUri": base})

    message = refused(await send("/x", method="POST"), 502)

    assert "127.0.0.1" not in message
    assert "169.254" not in message


async def test_is_a_gateway_time_out_where_the_answer_is_late(send, apps: Apps, upstream: FaultServer, client):
    await client.ok("PUT", "/integrations/stock", {"apiBaseUri": upstream.url})
    asked = ProxyRequest(
        integration=IntegrationRef(named="stock"), path="/silent", method=HttpMethod.POST, timeout_seconds=0.2
    )

    done = await apps.hub.run(proxy_request(apps._admin, asked))

    assert done.dispatch.outcome is DispatchOutcome.TIMED_OUT
    with pytest.raises(UpstreamTimeout, match="did not answer in time"):
        write.relayed(done, Asked())


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "url: It is required."),
        ({"url": 7}, "url: It must be text."),
        ({"url": "https://evil.example/"}, "url: Give a path below the address of the API, not an address."),
        ({"url": "//evil.example/"}, "url: It must stay below"),
        ({"url": "/../x"}, "url: It must stay below"),
        ({"url": "/%2e%2e/x"}, "url: It must stay below"),
        ({"url": "/..%252fx"}, "url: It must stay below"),
        ({"url": "/a\\b"}, "url: It may not have a backslash"),
        ({"url": "/x", "method": "HEAD"}, "method: It must be one of get, post, put, patch, delete."),
        ({"url": "/x", "method": "TRACE"}, "method: It must be one of"),
        ({"url": "/x", "params": [1]}, "params: It must be a JSON object."),
        ({"url": "/x", "params": {"a": {"b": 1}}}, "params.a: It must be text, a number"),
        ({"url": "/x", "headers": {"X-A": 7}}, "headers: It must be a JSON object of texts."),
        ({"url": "/x", "headers": {"Host": "evil"}}, "headers.0: The header Host is set by the hub"),
        ({"url": "/x", "headers": {"content-length": "1"}}, "headers.0: The header content-length is set by"),
        ({"url": "/x", "headers": {"Transfer-Encoding": "chunked"}}, "headers.0: The header Transfer-Encoding"),
        ({"url": "/x", "headers": {"Connection": "x"}}, "headers.0: The header Connection is set by the hub"),
        ({"url": "/x", "headers": {"X-Forwarded-For": "1.1.1.1"}}, "headers.0: The header X-Forwarded-For is set"),
        ({"url": "/x", "headers": {"Cookie": "a=b"}}, "headers.0: The header Cookie is set by the hub"),
        ({"url": "/x", "headers": {"authorization": "b"}}, "headers.0: The header authorization is set by the way"),
        ({"url": "/x", "headers": {"x-key": "mine"}}, "headers.0: The header x-key is set by the way"),
        ({"url": "/x", "headers": {"X-A": "a\r\nX-B: c"}}, "headers.0: A header value may not have line breaks"),
        ({"url": "/x", "headers": {"X A": "a"}}, "headers.0: A header name is made of"),
        ({"url": "/x", "data": {"a": 1}, "headers": {"Content-Type": "text/csv"}}, "data: A value goes as JSON"),
        ([], "The body must be a JSON object."),
    ],
)
async def test_refuses_what_cannot_be_sent_and_sends_nothing(
    body: Any, sentence: str, client: Informer, apps: Apps, upstream: FaultServer
):
    await stock(client, upstream)

    assert refused(await client("POST", REQUEST, body), 400).startswith(sentence)

    assert upstream.connections == 0
    assert await records(apps) == []


async def test_a_key_in_the_query_cannot_be_doubled(client: Informer, upstream: FaultServer, apps: Apps):
    await stock(client, upstream, apiKeyLocation="query", apiKeyName="key")

    good = await client("POST", REQUEST, {"url": "/x?a=1"})
    by_path = await client("POST", REQUEST, {"url": "/x?a=1&%6bey=mine"})
    by_params = await client("POST", REQUEST, {"url": "/x", "params": {"key": "mine"}})

    assert good.status_code == 200
    assert "the way of authorisation" in refused(by_path, 400)
    assert "the way of authorisation" in refused(by_params, 400)
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
    assert refused(addressless, 400) == "url: The integration has no address of its API; set it."
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
    assert refused(other, 409) == "This key was used with another input."
    (got,) = upstream.requests
    assert got.header("Idempotency-Key") == ["k-1"]
    assert len(await records(apps)) == 1


async def test_a_paused_installation_sends_nothing(send, client: Informer, apps: Apps, upstream: FaultServer):
    async with apps.database.write() as session:
        own = select(Installation).where(col(Installation.organization_id) == apps.tenant.id)
        (await session.execute(own)).scalars().one().status = InstallationStatus.PAUSED

    assert refused(await send("/x"), 409) == "The installation is paused; resume it."
    assert upstream.connections == 0


async def test_speaks_to_a_real_service(client: Informer, httpbin: str):
    await client.make(authType="bearer", apiBaseUri=httpbin)
    await client.ok("POST", "/integrations/stock/connect", {"token": "t-4711"}, 201)

    async def send(url: str, **more: Any) -> Any:
        return await client("POST", REQUEST, {"url": url, **more})

    echo = (await send("/anything/a b?x=1", method="PATCH", params={"y": [1, 2]}, data={"k": "ü"})).json()
    zipped, packed = await send("/gzip"), await send("/deflate")
    moved, missing = await send("/redirect/2"), await send("/status/404")
    picture = await send("/image/png")

    assert (echo["method"], echo["args"], echo["json"]) == ("PATCH", {"x": "1", "y": ["1", "2"]}, {"k": "ü"})
    assert echo["headers"]["Authorization"] == "Bearer t-4711"
    assert zipped.json()["gzipped"] is packed.json()["deflated"] is True
    assert (moved.status_code, moved.headers["location"]) == (302, "/relative-redirect/1")
    assert (missing.status_code, missing.content) == (404, b"")
    assert picture.content.startswith(b"\x89PNG")
    assert picture.headers["content-type"] == "image/png"
