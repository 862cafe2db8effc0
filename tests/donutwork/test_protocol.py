"""What is wrong as HTTP, and the probes."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from http.client import HTTPResponse

import httpx
import pytest

from models.vocabulary import HttpMethod
from resolvers.capabilities.declaring import DeclareCapability
from tests.donutwork.conftest import BASE, Donut, refused
from tests.harness.apps import Apps
from tests.harness.server import RunningHub
from tests.harness.tenants import Tenant
from tests.upstreams.faults import FaultServer


@pytest.fixture(scope="module")
async def apps(new_lasting_apps) -> Apps:
    """One organization for all, which only look or are refused."""
    return await new_lasting_apps()


@pytest.fixture(scope="module")
def organization(apps: Apps) -> Tenant:
    return apps.tenant


@pytest.fixture(scope="module")
def upstream() -> Iterator[FaultServer]:
    """A remote service that none of them gets to."""
    with FaultServer() as server:
        yield server


@pytest.fixture(scope="module", autouse=True)
async def stock(apps: Apps, upstream: FaultServer) -> None:
    run = DeclareCapability(
        name="RUN", method=HttpMethod.POST, endpoint=f"{upstream.url}/ok", allow_unknown_inputs=True
    )
    look = DeclareCapability(
        name="LOOK", method=HttpMethod.GET, endpoint=f"{upstream.url}/ok", allow_unknown_inputs=True
    )
    await apps.make("Stock", run, look)


async def test_ping_says_how_long_it_took(client: Donut):
    answer = await client.ok("GET", "/ping.json")

    assert re.fullmatch(r"\d+\.\d\d ms", answer.pop("RRT"))
    assert answer == {"status": "success", "env": "production"}


async def test_connection_says_what_the_hub_sees(client: Donut):
    assert await client.ok("GET", "/connection.json", headers={"User-Agent": "donut-client/1"}) == {
        "client": {"userAgent": "donut-client/1", "ips": {"ipv4": "127.0.0.1"}},
        "endpoint": {"apiVersion": "2026-02-01", "env": "production", "protocol": "http"},
    }


@pytest.mark.parametrize(
    "path",
    [
        f"{BASE}/integrations",
        f"{BASE}/integrations/STOCK",
        f"{BASE}/integrations/STOCK/LOOK",
        f"{BASE}/integrations.json/",
        f"{BASE}/integrations.json%0A",
        f"{BASE}/integrations.jsonx",
        f"{BASE}/integrations.JSON",
        f"{BASE}/integrations/.json",
        f"{BASE}/",
        "/donutwork/2025-01-01/integrations.json",
        "/donutwork/",
    ],
)
async def test_there_is_nothing_at_other_paths(path: str, http: httpx.AsyncClient, client: Donut):
    answer = await http.get(path, headers=client.headers)

    if "%0A" in path:
        refused(answer, 400)
    else:
        assert refused(answer, 404) == "There is nothing at this address; check the path."


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "/ping.json", "GET, HEAD"),
        ("DELETE", "/integrations.json", "GET, HEAD, PUT"),
        ("PUT", "/integrations/STOCK.json", "GET, HEAD"),
        ("PATCH", "/integrations/STOCK/RUN.json", "DELETE, GET, HEAD, POST, PUT"),
        ("OPTIONS", "/integrations/STOCK/RUN.json", "DELETE, GET, HEAD, POST, PUT"),
        ("GET", "/integrations/STOCK/events/Stock.A/emit.json", "POST"),
    ],
)
async def test_refuses_other_methods_and_names_those_there_are(method: str, path: str, allow: str, client: Donut):
    answer = await client(method, path)

    assert refused(answer, 405) == f"Call this with {allow}."
    assert answer.headers["allow"] == allow


async def test_answers_head_as_get_without_the_body(client: Donut):
    head = await client("HEAD", "/integrations.json")

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/integrations/STOCK%2FLOOK.json", "The path contains an encoded slash (%2F); remove it."),
        ("/integrations/ST%00OCK.json", "The path contains a control character; remove it."),
        ("/integrations/STOCK%09.json", "The path contains a control character; remove it."),
        ("/integrations/%ED%A0%80.json", "The path is not UTF-8; percent-encode it as UTF-8."),
        ("/integrations/%FF.json", "The path is not UTF-8; percent-encode it as UTF-8."),
        ("/integrations/STOCK/LOOK.json?a=%00", "The query contains the character NUL; remove it."),
        ("/integrations/STOCK/LOOK.json?%00=a", "The query contains the character NUL; remove it."),
        ("/integrations/STOCK/LOOK.json?a=%ED%A0%80", "The query is not UTF-8; percent-encode it as UTF-8."),
        ("/integrations/STOCK/LOOK.json?a=%FF", "The query is not UTF-8; percent-encode it as UTF-8."),
    ],
)
async def test_refuses_what_could_be_read_in_two_ways(path: str, sentence: str, client: Donut, upstream: FaultServer):
    assert refused(await client("GET", path), 400) == sentence
    assert upstream.connections == 0


async def test_decodes_a_path_once(client: Donut):
    assert (await client.ok("GET", "/integrations/%53TOCK.json"))["handler"] == "STOCK"
    refused(await client("GET", "/integrations/%2553TOCK.json"), 404)


@pytest.mark.parametrize("name", ["token", "access_token", "api_key", "apiKey", "Authorization"])
async def test_refuses_credentials_in_the_address(name: str, client: Donut, upstream: FaultServer):
    answer = await client("GET", f"/integrations/STOCK/LOOK.json?{name}=pb_secret")

    sentence = refused(answer, 400)
    assert sentence == "Send credentials in the Authorization header, never in the address."
    assert upstream.connections == 0


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"null", {}, 400),
        (b"1", {}, 400),
        (b'"x"', {}, 400),
        (b"[]", {}, 400),
        (b'{"a":"\xff"}', {}, 400),
        (b'{"a":' + b"9" * 5000 + b"}", {}, 400),
        (b'{"a":' * 200 + b"1" + b"}" * 200, {}, 400),
        (b'{"a":"\\u0000"}', {}, 400),
        (b'{"a":"\\ud800"}', {}, 400),
        (b"a=1", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        (b"{}", {"Content-Type": "text/plain"}, 415),
        (b"{}", {"Content-Type": ""}, 415),
        (b"{}", {"Content-Encoding": "gzip"}, 415),
    ],
)
async def test_refuses_bodies_that_are_no_sound_json(
    content: bytes, headers: dict[str, str], status: int, client: Donut, upstream: FaultServer
):
    sent = {"Content-Type": "application/json", **headers}

    refused(await client("POST", "/integrations/STOCK/RUN.json", content=content, headers=sent), status)

    assert upstream.connections == 0


async def test_asks_for_the_token_before_it_reads_the_body(hub: RunningHub):
    assert answer_to_head(hub, "Content-Length: 900000") == (401, {"error": "Invalid token"})


async def test_refuses_a_body_by_the_length_that_it_announces(hub: RunningHub, client: Donut):
    announced = f"Authorization: {client.headers['Authorization']}", "Content-Type: application/json"

    answer = answer_to_head(hub, *announced, "Content-Length: 1000001")

    assert answer == (413, {"error": "The body is larger than 1000000 bytes."})


def answer_to_head(hub: RunningHub, *headers: str) -> tuple[int, object]:
    """Status and body of what is answered before any of the body is sent."""
    host, _, port = hub.url.removeprefix("http://").partition(":")
    lines = [f"POST {BASE}/integrations/STOCK/RUN.json HTTP/1.1", "Host: hub", *headers, "", ""]
    with socket.create_connection((host, int(port)), 10) as connection:
        connection.sendall("\r\n".join(lines).encode())
        answer = HTTPResponse(connection)
        answer.begin()
        return answer.status, json.load(answer)
