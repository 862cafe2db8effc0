"""What is wrong as HTTP."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from http.client import HTTPResponse

import httpx
import pytest

from tests.harness.server import RunningHub
from tests.harness.tenants import Tenant
from tests.informer.conftest import BASE, Informer, refused
from tests.upstreams.faults import FaultServer

ONE = "/integrations/stock"


@pytest.fixture(scope="module")
async def organization(new_lasting_organization) -> Tenant:
    """One for all, which only look or are refused."""
    return await new_lasting_organization()


@pytest.fixture(scope="module")
def upstream() -> Iterator[FaultServer]:
    """A remote service that none of them gets to."""
    with FaultServer() as server:
        yield server


@pytest.fixture(scope="module", autouse=True)
async def stock(organization: Tenant, lasting_http: httpx.AsyncClient, upstream: FaultServer) -> None:
    client = Informer(lasting_http, organization.token)
    await client.make(authType="apikey", apiKey="k" * 20, apiBaseUri=upstream.url)


@pytest.mark.parametrize(
    "path",
    ["/integrations/", "/integrations/stock/", "/integration", "/integrations/stock/nothing", "/", "/auth/login"],
)
async def test_there_is_nothing_at_other_paths(path: str, client: Informer):
    assert refused(await client("GET", path), 404) == "There is nothing at this address; check the path."


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/integrations", "GET, HEAD, POST"),
        ("POST", "/integrations-list", "GET, HEAD"),
        ("PATCH", ONE, "DELETE, GET, HEAD, PUT"),
        ("POST", f"{ONE}/icon", "DELETE, GET, HEAD, PUT"),
        ("GET", f"{ONE}/request", "POST"),
        ("POST", f"{ONE}/owner", "GET, HEAD, PUT"),
        ("OPTIONS", f"{ONE}/shares/member", "DELETE, GET, HEAD, PUT"),
    ],
)
async def test_refuses_other_methods_and_names_those_there_are(method: str, path: str, allow: str, client: Informer):
    answer = await client(method, path)

    assert refused(answer, 405) == f"Call this with {allow}."
    assert answer.headers["allow"] == allow


@pytest.mark.parametrize("path", ["/integrations", "/integrations-list", ONE, f"{ONE}/shares"])
async def test_answers_head_as_get_without_the_body(path: str, client: Informer):
    head, whole = await client("HEAD", path), await client("GET", path)

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.content))


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        (f"{ONE}%2Fshares", "The path contains an encoded slash (%2F); remove it."),
        (f"{ONE}%00", "The path contains a control character; remove it."),
        (f"{ONE}/shares/%0A", "The path contains a control character; remove it."),
        ("/integrations/%FF", "The path is not UTF-8; percent-encode it as UTF-8."),
        ("/integrations?q=%00", "The query contains the character NUL; remove it."),
        ("/integrations?q=%FF", "The query is not UTF-8; percent-encode it as UTF-8."),
        ("/integrations?token=pb_x", "Send credentials in the Authorization header, never in the address."),
    ],
)
async def test_refuses_what_could_be_read_in_two_ways(path: str, sentence: str, client: Informer):
    assert refused(await client("GET", path), 400) == sentence


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"null", {}, 400),
        (b"[]", {}, 400),
        (b'"x"', {}, 400),
        (b'{"a":"\xff"}', {}, 400),
        (b'{"name":"\\ud800"}', {}, 400),
        (b'{"data":' + b"9" * 5000 + b"}", {}, 400),
        (b'{"data":' * 200 + b"1" + b"}" * 200, {}, 400),
        (b"name=x", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        (b"{}", {"Content-Type": "text/plain"}, 415),
        (b"{}", {"Content-Encoding": "gzip"}, 415),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/integrations"), ("PUT", ONE), ("POST", f"{ONE}/request"), ("POST", f"{ONE}/connect")],
)
async def test_refuses_bodies_that_are_no_sound_json(
    method: str, path: str, content: bytes, headers: dict, status: int, client: Informer, upstream: FaultServer
):
    sent = {"Content-Type": "application/json", **headers}

    refused(await client(method, path, content=content, headers=sent), status)

    assert upstream.connections == 0
    assert await client.names() == ["Stock"]


@pytest.mark.parametrize("path", ["name", "description", "scope", "category", "clientId"])
async def test_refuses_text_that_cannot_be_stored(path: str, client: Informer):
    answer = await client("PUT", ONE, {"authType": "oauth2", path: "a\0b"})

    assert "NUL" in refused(answer, 400)


async def test_a_text_to_look_for_has_no_nul(client: Informer):
    body = {"name": "Shop", "type": "shop\u0000", "authType": "bearer"}

    answer = await client("POST", "/integrations", body)

    assert "NUL" in refused(answer, 400)


async def test_refuses_an_icon_by_the_length_that_it_announces(hub: RunningHub, client: Informer):
    lines = [
        f"PUT {BASE}{ONE}/icon HTTP/1.1",
        "Host: hub",
        f"Authorization: {client.headers['Authorization']}",
        "Content-Type: multipart/form-data; boundary=b",
        "Content-Length: 1114113",
        *("", ""),
    ]
    host, _, port = hub.url.removeprefix("http://").partition(":")

    with socket.create_connection((host, int(port)), 10) as connection:
        connection.sendall("\r\n".join(lines).encode())
        answer = HTTPResponse(connection)
        answer.begin()
        body = json.load(answer)

    assert answer.status == 413
    assert body["message"] == "The body is larger than 1114112 bytes."
