"""httpx over the egress: its ordinary client cannot reach or send anything that the egress would refuse."""

from __future__ import annotations

import gzip
import subprocess
import sys

import httpx
import pytest

from models.errors import InvalidInput, UpstreamBlocked, UpstreamFailed
from proxy.guard import EgressPolicy
from proxy.transport import EgressTransport, fetch
from tests.proxy.sending import open_egress
from tests.upstreams.canned import reply


async def test_sends_a_request_of_httpx_as_one_of_the_egress(upstream):
    async with open_egress() as egress:
        transport = EgressTransport(egress, lane="acme", seconds=5)
        answer = await fetch(transport, "POST", f"{upstream.url}/echo?q=1", headers={"Accept": "a/b"}, body="x=1")

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/octet-stream")
    assert answer.text.split("\r\n") == [
        "POST /echo?q=1 HTTP/1.1",
        f"Host: 127.0.0.1:{upstream.port}",
        "Accept-Encoding: gzip, deflate",
        "user-agent: Patchbay",
        "accept: a/b",
        "Content-Length: 3",
        "Connection: close",
        "",
        "x=1",
    ]


async def test_hands_httpx_the_decoded_answer(upstream):
    packed = gzip.compress(b'{"a":1}')
    upstream.answers["/it"] = reply(packed, "application/json", "200 OK", "Content-Encoding: gzip", "X-Name: Zoë")

    async with open_egress() as egress:
        answer = await fetch(EgressTransport(egress, lane="acme", seconds=5), "GET", f"{upstream.url}/it", headers={})

    assert (answer.json(), answer.headers["X-Name"]) == ({"a": 1}, "Zoë")


async def test_refuses_as_the_egress_does(canary):
    async with open_egress(EgressPolicy()) as egress:
        transport = EgressTransport(egress, lane="acme", seconds=5)
        for url in (canary.url, "ftp://a.example/", "http://", "nothing", "http://a.example:99999/", "http://[::1"):
            with pytest.raises(UpstreamBlocked):
                await fetch(transport, "GET", url, headers={})
        with pytest.raises(InvalidInput):
            await fetch(transport, "GET", canary.url, headers={"X-A": "a\r\nX-Evil: 1"})

    assert canary.connections == 0


async def test_follows_no_redirect_keeps_no_cookie_and_ignores_the_environments_proxy(upstream, canary, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", canary.url)

    async with open_egress() as egress:
        transport = EgressTransport(egress, lane="acme", seconds=5)
        redirect = await fetch(transport, "GET", f"{upstream.url}/redirect?to={canary.url}", headers={})
        for path in ("/cookie", "/ok"):
            await fetch(transport, "GET", f"{upstream.url}{path}", headers={})

    assert redirect.status_code == 302
    assert [received.header("Cookie") for received in upstream.requests] == [[], [], []]
    assert canary.connections == 0


@pytest.mark.parametrize(("repeats", "sent"), [(False, 1), (True, 3)])
async def test_repeats_only_if_told_to(repeats, sent, upstream):
    async with open_egress(retry_seconds=0.001) as egress:
        transport = EgressTransport(egress, lane="acme", seconds=5, repeats=repeats)
        with pytest.raises(UpstreamFailed):
            await fetch(transport, "GET", f"{upstream.url}/reset", headers={})

    assert len(upstream.requests) == sent


async def test_bounds_the_answer(upstream):
    async with open_egress() as egress:
        transport = EgressTransport(egress, lane="acme", seconds=5, most=5)
        async with httpx.AsyncClient(transport=transport) as client:
            with pytest.raises(UpstreamFailed, match="larger than 5 bytes"):
                await client.get(f"{upstream.url}/ok")


def test_no_address_of_a_call_is_logged():
    program = "import logging, wire.log; wire.log.log_to_stderr('debug'); logging.getLogger('httpx').info('?secret')"

    ended = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)

    assert ended.stderr == ""
