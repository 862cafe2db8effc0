"""The guard at the socket: what the policy refuses is never connected to."""

from __future__ import annotations

import asyncio
import json
import socket
from datetime import timedelta
from pathlib import Path

import pytest

from models.errors import UpstreamBlocked, UpstreamFailed
from models.vocabulary import UpstreamFailure
from proxy.guard import EgressPolicy, parse_allowances
from proxy.names import SystemResolver
from tests.harness.server import free_port
from tests.proxy.sending import LOOPBACK, names, open_egress, request
from tests.upstreams.faults import FaultServer
from tests.upstreams.tls import contexts

SPELLINGS = json.loads((Path(__file__).parent / "vectors" / "spellings.json").read_text())
CLOSED = EgressPolicy()
INNER = {
    "127.0.0.1.nip.example": ["127.0.0.1"],
    "inner.example": ["::1", "127.0.0.1"],
    "both.example": ["8.8.8.8", "127.0.0.1"],
}


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_no_spelling_of_an_inner_address_reaches_it(spelling, canary):
    system = SystemResolver()

    async def resolve(host, port):
        return INNER.get(host) or await system(host, port)

    async with open_egress(CLOSED, resolve=resolve) as egress:
        with pytest.raises(UpstreamFailed) as refusal:
            await egress.send(request(spelling.format(port=canary.port)))

    system.close()
    assert canary.connections == 0
    assert refusal.value.reason in (UpstreamFailure.BLOCKED, UpstreamFailure.UNREACHABLE)
    assert "127" not in refusal.value.message


async def test_the_canary_sings_where_the_policy_is_open(canary):
    async with open_egress(LOOPBACK) as egress:
        answer = await egress.send(request(f"{canary.url}/ok"))

    assert answer.status == 200
    assert canary.connections == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "inner.example", "both.example"])
async def test_says_that_the_policy_refused_and_names_no_address(host, canary):
    async with open_egress(CLOSED, resolve=names(INNER)) as egress:
        with pytest.raises(UpstreamBlocked) as refusal:
            await egress.send(request(f"https://{host}:{canary.port}/"))

    assert refusal.value.message == "The egress policy does not allow this address."
    assert canary.connections == 0


async def test_connects_to_the_address_that_was_checked_when_the_name_changes_its_mind():
    answers = [["127.0.0.2"], ["127.0.0.1"], ["127.0.0.1"]]
    asked = []

    async def resolve(host, port):
        asked.append(host)
        return answers[len(asked) - 1]

    policy = EgressPolicy(parse_allowances("127.0.0.2/32"))
    port = free_port()
    with FaultServer("127.0.0.2", port) as good, FaultServer("127.0.0.1", port) as inner:
        async with open_egress(policy, resolve=resolve) as egress:
            answer = await egress.send(request(f"http://fickle.example:{good.port}/ok"))
        async with open_egress(policy, resolve=resolve) as egress:
            with pytest.raises(UpstreamBlocked):
                await egress.send(request(f"http://fickle.example:{good.port}/ok"))

    assert answer.status == 200
    assert (good.connections, inner.connections) == (1, 0)
    assert asked == ["fickle.example", "fickle.example"]


async def test_refuses_a_name_as_a_whole_when_one_of_its_addresses_is_refused():
    policy = EgressPolicy(parse_allowances("127.0.0.2/32"))
    table = {"mixed.example": ["127.0.0.2", "127.0.0.1"]}

    port = free_port()
    with FaultServer("127.0.0.2", port) as good, FaultServer("127.0.0.1", port) as inner:
        async with open_egress(policy, resolve=names(table)) as egress:
            with pytest.raises(UpstreamBlocked):
                await egress.send(request(f"http://mixed.example:{good.port}/ok"))

    assert (good.connections, inner.connections) == (0, 0)


async def test_refuses_plain_http_to_a_name_with_a_public_address():
    table = {"public.example": ["8.8.8.8", "2606:4700:4700::1111"]}

    async with open_egress(CLOSED, resolve=names(table)) as egress:
        with pytest.raises(UpstreamBlocked):
            await egress.send(request("http://public.example/"))


async def test_does_not_follow_a_redirect(upstream):
    async with open_egress() as egress:
        answer = await egress.send(request(f"{upstream.url}/redirect", headers=(("Authorization", "Bearer s3cret"),)))

    assert answer.status == 302
    assert dict(answer.headers)["Location"] == "http://169.254.169.254/latest/meta-data/"
    assert [received.target for received in upstream.requests] == ["/redirect"]


async def test_ignores_proxies_of_the_environment(upstream, canary, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, canary.url)

    async with open_egress() as egress:
        answer = await egress.send(request(f"{upstream.url}/ok"))

    assert answer.status == 200
    assert (upstream.connections, canary.connections) == (1, 0)


async def test_trusts_no_certificate_but_those_it_is_told_to(tmp_path):
    server_side, client_side = contexts(tmp_path, "upstream.test")
    table = {"upstream.test": ["127.0.0.1"], "other.test": ["127.0.0.1"]}

    with FaultServer(tls=server_side) as upstream:
        async with open_egress(resolve=names(table), tls=client_side) as trusting:
            answer = await trusting.send(request(f"https://upstream.test:{upstream.port}/ok"))
            with pytest.raises(UpstreamFailed) as wrong_name:
                await trusting.send(request(f"https://other.test:{upstream.port}/ok"))
        async with open_egress(resolve=names(table)) as wary:
            with pytest.raises(UpstreamFailed) as unknown:
                await wary.send(request(f"https://upstream.test:{upstream.port}/ok"))

    assert answer.status == 200
    assert wrong_name.value.message == "The certificate of the remote service is for another name."
    assert unknown.value.message == (
        "The certificate of the remote service is not issued by an authority that the hub trusts."
    )
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"ended": timedelta(hours=1)}, "The certificate of the remote service has expired."),
        ({"begins": timedelta(hours=1)}, "The certificate of the remote service is not valid yet."),
        (
            {"self_signed": True},
            "The certificate of the remote service is self-signed; it needs one of an authority that the hub trusts.",
        ),
    ],
)
async def test_says_in_which_way_a_certificate_is_not_valid(facts, sentence, tmp_path):
    server_side, client_side = contexts(tmp_path, "upstream.test", **facts)

    with FaultServer(tls=server_side) as upstream:
        async with open_egress(resolve=names({"upstream.test": ["127.0.0.1"]}), tls=client_side) as egress:
            with pytest.raises(UpstreamFailed) as failure:
                await egress.send(request(f"https://upstream.test:{upstream.port}/ok"))

    assert (failure.value.reason, failure.value.message) == (UpstreamFailure.UNREACHABLE, sentence)
    assert upstream.requests == []


async def test_a_name_without_an_address_is_unreachable():
    async with open_egress(resolve=names({})) as egress:
        with pytest.raises(UpstreamFailed) as failure:
            await egress.send(request("https://nowhere.example/"))

    assert failure.value.reason is UpstreamFailure.UNREACHABLE
    assert failure.value.message == "The name of the remote service has no address."


async def test_a_closed_port_is_unreachable():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        async with open_egress() as egress:
            with pytest.raises(UpstreamFailed) as failure:
                await egress.send(request(f"http://127.0.0.1:{port}/"))

    assert failure.value.reason is UpstreamFailure.UNREACHABLE
    assert failure.value.message == "The remote service does not accept connections."


async def test_slow_name_servers_end_with_the_time_to_connect():
    async def resolve(host, port):
        await asyncio.sleep(60)
        return ["8.8.8.8"]

    async with open_egress(resolve=resolve, connect_timeout=0.1) as egress:
        with pytest.raises(UpstreamFailed) as failure:
            await egress.send(request("https://slow.example/"))

    assert failure.value.reason is UpstreamFailure.TIMEOUT
    assert failure.value.message == "The remote service did not accept a connection in time."
