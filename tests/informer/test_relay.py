"""The transparent proxy: what comes back, as it is."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from models.errors import UpstreamTimeout
from models.vocabulary import DispatchOutcome, HttpMethod
from resolvers.dispatching.proxy_request import proxy_request
from resolvers.dispatching.proxying import ProxyRequest
from resolvers.find import IntegrationRef
from rest.informer import write
from rest.kit import Asked
from tests.harness.apps import Apps
from tests.informer.conftest import REQUEST, Informer, records, refused
from tests.upstreams.canned import CANNED, reply
from tests.upstreams.faults import FaultServer


async def test_relays_bytes_as_they_are(send, upstream: FaultServer):
    content = bytes(range(256)) * 50
    upstream.answers["/v2/file"] = reply(content, "image/x-icon", "203 Taken", 'Content-Disposition: x; filename="a"')

    answer = await send("/file")

    assert (answer.status_code, answer.content) == (203, content)
    assert answer.headers["content-type"] == "image/x-icon"
    assert answer.headers["content-disposition"] == 'x; filename="a"'


@pytest.mark.parametrize("content", [b'{"a": NaN}', b'{"a":1e400,"b":12345678901234567890123,"a":1.10}', b"[" * 9000])
async def test_relays_json_and_its_like_without_reading_it(content: bytes, send, upstream: FaultServer):
    upstream.answers["/v2/file"] = reply(content, "application/json; charset=windows-1252")

    answer = await send("/file")

    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-type"] == "application/json; charset=windows-1252"


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


@pytest.mark.parametrize("said", ["public, max-age=600", "s-maxage=600", "no-store", None])
async def test_lets_no_shared_cache_keep_an_answer(said: str | None, send, upstream: FaultServer):
    heads = [f"Cache-Control: {said}"] if said else []
    upstream.answers["/v2/x"] = reply(b"{}", "application/json", "200 OK", *heads)

    answer = await send("/x")

    (caching,) = answer.headers.get_list("cache-control")
    assert caching in {"private, max-age=600", "private", "private, no-store", "no-store"}


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
            *(("cache-control", "no-store"), ("x-content-type-options", "nosniff")),
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
    await client.ok("PUT", "/integrations/stock", {"apiBaseUri": base, "apiKey": "k-4711-again"})

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
