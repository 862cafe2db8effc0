"""What becomes of an answer, and of there being none: outcome, record, and what the caller sees."""

from __future__ import annotations

import asyncio
import base64
import time
from typing import Any

import pytest

from tests.harness.acting import listed
from tests.harness.calling import App, app, capability, given
from tests.upstreams.canned import reply
from tests.upstreams.faults import FaultServer

CALL = capability("CALL", "POST", "/{path}", given("path"), timeoutSeconds=5)
GET = capability("GET", "GET", "/{path}", given("path"), given("q", location="QUERY"), timeoutSeconds=5)
SHORT = capability("SHORT", "GET", "/{path}", given("path"), timeoutSeconds=1)
HEX = "text/plain; charset=utf-8"
#: Body, content type, and how it is shown.
BODIES: list[tuple[bytes, str, dict[str, Any]]] = [
    (b'{"a":[1,null],"z":"\\u0000"}', "application/json", {"json": {"a": [1, None], "z": "\0"}}),
    (b"null", "application/json", {}),
    (b"[]", "application/problem+json; charset=UTF-8", {"json": []}),
    ("grüße".encode(), HEX, {"text": "grüße"}),
    ("grüße".encode("latin-1"), "text/html; charset=iso-8859-1", {"text": "grüße"}),
    (b"<a/>", "application/xml", {"text": "<a/>"}),
    (b"\x00\x01", "text/plain", {"base64": "AAE="}),
    (b"\x89PNG", "image/png", {"base64": base64.b64encode(b"\x89PNG").decode()}),
    (b"{}", "application/octet-stream", {"base64": "e30="}),
    (b"", "application/json", {}),
    (b'{"a":"\xff"}', "application/json", {"base64": base64.b64encode(b'{"a":"\xff"}').decode()}),
    (b'{"a":NaN}', "application/json", {"text": '{"a":NaN}'}),
    (b"[" * 5_000 + b"]" * 5_000, "application/json", {"text": "[" * 5_000 + "]" * 5_000}),
    (b"[" * 200 + b"]" * 200, "application/json", {}),
    (b"<html>", "application/json", {"text": "<html>"}),
    (b"abc", "text/plain; charset=klingon", {"text": "abc"}),
]
#: What was broken, and the status, which is known where the first line came.
BROKEN = [
    ("empty", "The connection to the remote service broke.", None),
    ("reset", "The connection to the remote service broke.", None),
    ("garbage", "is broken: it does not begin with a status line of HTTP/1.1.", None),
    ("short", "is broken: it ends early, after 2 of 1000 bytes of its body.", 200),
    ("bad-chunk", "is broken: its framing: invalid character in chunk size.", 200),
    ("cut-chunk", "is broken: it ends early, after 2 bytes of its body.", 200),
    ("two-lengths", "is broken: duplicate Content-Length.", 200),
    ("bad-gzip", "is broken: it is no sound gzip: incorrect header check.", 200),
    ("cut-gzip", "is broken: the gzip ends early.", 200),
    ("huge-header", "is broken: more than 500 headers or 64 kB of them.", 200),
]


async def shop_on(organization, upstream: FaultServer) -> App:
    return await app(organization.client, upstream.url, CALL, GET, SHORT)


@pytest.fixture(scope="module")
async def shop(shared, service) -> App:
    return await shop_on(shared, service)


@pytest.mark.parametrize(("body", "content_type", "shown"), BODIES)
async def test_shows_a_body_as_what_it_is(shop, service, body, content_type, shown) -> None:
    service.answers["/a"] = reply(body, content_type)
    shop = await shop_on(shop, service)

    done = await shop.run("CALL", {"path": "a"})

    if body.startswith(b"[" * 200) and len(body) == 400:
        assert str(done["response"].pop("json")) == "[" * 200 + "]" * 200
        done["response"]["json"] = None
    nothing = {"json": None, "text": None, "base64": None}
    assert done["response"] == nothing | {"status": 200, "contentType": content_type} | shown
    assert done["dispatch"]["outcome"] == "SUCCEEDED"
    assert done["dispatch"]["externalStatus"] == 200


@pytest.mark.parametrize("content_type", [b"text/\xff\xfe", b"\xf0\x9f\x9a\x80", b"text/plain; charset=\xff"])
async def test_survives_a_content_type_that_is_no_text(shop, service, content_type) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: "
    service.answers["/a"] = head + content_type + b"\r\n\r\nok"
    shop = await shop_on(shop, service)

    key = repr(content_type)

    done = await shop.run("CALL", {"path": "a"}, idempotencyKey=key)

    assert done["dispatch"]["outcome"] == "SUCCEEDED"
    assert done["response"]["status"] == 200
    assert (await shop.run("CALL", {"path": "a"}, idempotencyKey=key))["replayed"] is True


async def test_relays_a_redirect_and_follows_none(shop, service, canary) -> None:
    service.answers["/a"] = reply(b"", "text/plain", "302 Found", f"Location: {canary.url}/", "Set-Cookie: a=b")
    shop = await shop_on(shop, service)

    done = await shop.run("GET", {"path": "a"})

    assert (done["dispatch"]["outcome"], done["response"]["status"]) == ("SUCCEEDED", 302)
    assert canary.connections == 0


@pytest.mark.parametrize("status", [400, 401, 404, 418, 500, 501, 503, 599])
async def test_an_upstreams_failure_is_an_outcome(shop, service, status) -> None:
    service.answers["/a"] = reply(b'{"why":"so"}', "application/json", f"{status} No")
    shop = await shop_on(shop, service)

    done = await shop.run("CALL", {"path": "a"})

    assert done["response"]["status"] == status
    assert done["response"]["json"] == {"why": "so"}
    record = done["dispatch"]
    assert (record["outcome"], record["externalStatus"]) == ("UPSTREAM_FAILED", status)
    assert record["error"] == f"The remote service answered {status}."


async def test_ends_in_its_time_whatever_the_upstream_does(shop) -> None:
    started = time.monotonic()

    ended = await asyncio.gather(*(shop.run("SHORT", {"path": path}) for path in ("silent", "slow-headers", "drip")))

    assert time.monotonic() - started < 20
    for done in ended:
        assert done["response"] is None
        record = done["dispatch"]
        assert (record["outcome"], record["externalStatus"]) == ("TIMED_OUT", None)
        assert record["error"] == "The remote service did not answer in time."
        assert 1000 <= record["durationMs"] < 20_000


@pytest.mark.parametrize(("path", "sentence", "status"), BROKEN)
async def test_a_broken_answer_is_an_outcome_and_a_post_is_not_sent_again(
    shop, service, path, sentence, status
) -> None:
    shop = await shop_on(shop, service)

    done = await shop.run("CALL", {"path": path})

    assert done["response"] is None
    assert (done["dispatch"]["outcome"], done["dispatch"]["attemptCount"]) == ("UPSTREAM_FAILED", 1)
    assert done["dispatch"]["externalStatus"] == status
    assert done["dispatch"]["error"].removeprefix("The answer of the remote service ") == sentence
    assert "127.0.0.1" not in done["dispatch"]["error"]
    assert service.seen[f"/{path}"] == 1


async def test_nobody_listening_is_an_outcome(shared) -> None:
    shop = await app(shared.client, "http://127.0.0.1:1", CALL)

    done = await shop.run("CALL", {"path": "a"})

    assert done["dispatch"]["outcome"] == "UPSTREAM_FAILED"
    assert done["dispatch"]["error"] == "The remote service does not accept connections."


@pytest.mark.parametrize("path", ["big", "bomb"])
async def test_an_answer_beyond_the_cap_is_cut(shop, service, path) -> None:
    shop = await shop_on(shop, service)

    done = await shop.run("CALL", {"path": path})

    assert done["response"] is None
    assert done["dispatch"]["outcome"] == "UPSTREAM_FAILED"
    assert done["dispatch"]["error"] == "The answer is larger than 10485760 bytes."


@pytest.mark.parametrize(
    ("name", "more", "attempts"), [("GET", {}, 3), ("CALL", {}, 1), ("CALL", {"idempotencyKey": "k"}, 3)]
)
async def test_tries_again_only_what_may_be_done_twice(organization, upstream, name, more, attempts) -> None:
    shop = await shop_on(organization, upstream)
    upstream.answers["/busy"] = reply(b"{}", "application/json", "503 Busy")

    done = await shop.run(name, {"path": "busy"}, **more)

    assert done["dispatch"]["attemptCount"] == attempts
    assert upstream.seen["/busy"] == attempts
    keys = [received.header("idempotency-key") for received in upstream.requests]
    assert keys == [["k"] if more else []] * attempts


async def test_a_second_try_that_succeeds_is_a_success(organization, upstream) -> None:
    shop = await app(organization.client, upstream.url, capability("GET", "GET", "/flaky?times=2&how=reset"))

    done = await shop.run("GET")

    assert (done["dispatch"]["outcome"], done["dispatch"]["attemptCount"]) == ("SUCCEEDED", 3)
    assert len(upstream.requests) == 3


@pytest.mark.parametrize(
    ("after", "attempts"),
    [("0", 2), ("1", 2), ("999999999", 1), ("-5", 2), ("soon", 2), ("Thu,%2001%20Jan%201970%2000:00:00%20GMT", 2)],
)
async def test_waits_as_long_as_it_is_asked_to_or_not_at_all(organization, upstream, after, attempts) -> None:
    endpoint = f"/flaky?times=1&status=429&retry_after={after}"
    shop = await app(organization.client, upstream.url, capability("GET", "GET", endpoint, timeoutSeconds=5))
    started = time.monotonic()

    done = await shop.run("GET")

    outcome = "SUCCEEDED" if attempts == 2 else "UPSTREAM_FAILED"
    assert (done["dispatch"]["outcome"], done["dispatch"]["attemptCount"]) == (outcome, attempts)
    assert time.monotonic() - started >= (1 if after == "1" else 0)


async def test_keeps_no_cookie_and_shows_none(organization, upstream) -> None:
    shop = await shop_on(organization, upstream)
    await shop.run("GET", {"path": "cookie"})

    answer = await organization.client.raw(
        "mutation($i: DispatchInput!) { dispatch(input: $i) { ... on DispatchPayload { response { json } } } }",
        i={"capability": {"named": {"handler": "APP", "name": "GET"}}, "inputs": {"path": "echo"}},
    )

    assert upstream.requests[-1].header("cookie") == []
    assert "set-cookie" not in answer.headers
    assert "session=upstream" not in answer.text
    assert len(await listed(organization.client, "dispatches", "id")) == 2
