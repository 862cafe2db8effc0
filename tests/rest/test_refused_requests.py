"""Requests that are wrong before any operation: each endpoint of each dialect refuses them in the dialect's form."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from importlib import import_module

import httpx
import pytest

from models.errors import TooLarge
from rest import dialects
from rest.kit import Dialect, Refusal
from rest.kit.dialect import AnyEndpoint, Takes
from rest.kit.refusal import refusal_of
from tests.harness.server import PLAIN_HTTP, RunningHub
from tests.harness.tenants import Tenant
from tests.rest.doors import Doors
from tests.rest.refusing import status_of

FOUND = list(dialects())
USUAL_BYTES = 1_000_000
each_dialect = pytest.mark.parametrize("dialect", FOUND, ids=[one.name for one in FOUND])


def address(dialect: Dialect, endpoint: AnyEndpoint) -> str:
    """The path of something that does not exist: bodies are read before anything is looked up."""
    return dialect.prefix + re.sub(r"\{\w+\}", "x", endpoint.path)


def taking(dialect: Dialect) -> list[AnyEndpoint]:
    """The endpoints with a body of JSON."""
    return [one for one in dialect.endpoints if one.method != "GET" and one.takes is Takes.JSON]


def as_http(dialect: Dialect, status: int) -> int:
    """The status that the dialect gives to a request that is wrong as HTTP."""
    return status_of(dialect, Refusal(status=status, message="It is wrong."))


def sentence(dialect: Dialect, answer: httpx.Response, status: int) -> str:
    """The sentence of a refusal in the dialect's form."""
    doors: Doors = import_module(f"tests.{dialect.name}.doors").DOORS
    return doors.refused(answer, status)


@pytest.fixture
async def admin(hub: RunningHub, organization: Tenant):
    """A client of the organization's administrator."""
    headers = {"Authorization": f"Bearer {organization.token}"}
    async with httpx.AsyncClient(base_url=hub.url, headers=headers, timeout=60, **PLAIN_HTTP) as client:
        yield client


@each_dialect
@pytest.mark.parametrize("content", [b"{", b"[1,]", b"\xff", b"NaN", b"[" * 3_000, b'{"a": 1e999}', b"\0", b"{} {}"])
async def test_malformed_json(dialect: Dialect, content: bytes, admin: httpx.AsyncClient):
    for endpoint in taking(dialect):
        headers = {"Content-Type": "application/json"}

        answer = await admin.request(endpoint.method, address(dialect, endpoint), content=content, headers=headers)

        assert sentence(dialect, answer, as_http(dialect, 400)), endpoint.path


@each_dialect
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_another_content_type(dialect: Dialect, kind: str, admin: httpx.AsyncClient):
    for endpoint in taking(dialect):
        headers = {"Content-Type": kind}

        answer = await admin.request(endpoint.method, address(dialect, endpoint), content=b"{}", headers=headers)

        assert "application/json" in sentence(dialect, answer, as_http(dialect, 415)), endpoint.path


@each_dialect
@pytest.mark.parametrize("content", ["null", "1", '"x"', "[]", "[[]]", "[null]", "true"])
async def test_json_of_another_shape_is_never_a_fault_of_the_hub(
    dialect: Dialect, content: str, admin: httpx.AsyncClient
):
    for endpoint in taking(dialect):
        headers = {"Content-Type": "application/json"}

        answer = await admin.request(endpoint.method, address(dialect, endpoint), content=content, headers=headers)

        assert answer.status_code < 500, (endpoint.path, answer.text)
        assert answer.is_success or sentence(dialect, answer, answer.status_code)


@each_dialect
@pytest.mark.parametrize("body", [{"x\0": 1}, {"x": {"y": ["\0"]}}, ["a\0"], "\0"])
async def test_nul_in_a_body(dialect: Dialect, body: object, admin: httpx.AsyncClient):
    for endpoint in taking(dialect):
        answer = await admin.request(endpoint.method, address(dialect, endpoint), json=body)

        assert "NUL" in sentence(dialect, answer, answer.status_code), endpoint.path
        assert answer.status_code in (400, 422)


@each_dialect
async def test_a_body_that_is_too_large_is_refused_by_its_length(dialect: Dialect, hub: RunningHub, admin):
    refusal = refusal_of(TooLarge(1), dialect.statuses, frozenset())
    assert refusal is not None

    for endpoint in taking(dialect):
        most = endpoint.most_bytes or USUAL_BYTES
        target = f"{endpoint.method} {address(dialect, endpoint)}"
        answer = await asyncio.to_thread(_announce, hub, target, admin.headers["Authorization"], most + 1)

        assert str(most) in sentence(dialect, answer, status_of(dialect, refusal)), target


def _announce(hub: RunningHub, target: str, authorization: str, size: int) -> httpx.Response:
    """The answer to a request whose body never comes."""
    host, port = hub.url.removeprefix("http://").split(":")
    head = f"{target} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\nContent-Type: application/json\r\n"
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(f"{head}Content-Length: {size}\r\n\r\n".encode())
        received = b"".join(iter(lambda: connection.recv(65_536), b""))
    lines, _, body = received.partition(b"\r\n\r\n")
    first, *rest = lines.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in rest)
    assert json.loads(body)
    return httpx.Response(int(first.split()[1]), headers=headers, content=body)


@each_dialect
@pytest.mark.parametrize("below", ["", "/", "/v1/x"])
@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("?q=" + "x" * 20_000, {}, 414),
        ("", {"x-long": "x" * 40_000}, 431),
        ("", {f"x-{n}": "1" for n in range(250)}, 431),
    ],
    ids=["address", "size of headers", "number of headers"],
)
async def test_a_head_that_is_too_large(
    dialect: Dialect, below: str, query: str, headers: dict[str, str], status: int, admin: httpx.AsyncClient
):
    answer = await admin.get(f"{dialect.prefix}{below}{query}", headers=headers)

    assert sentence(dialect, answer, as_http(dialect, status))
    assert answer.headers["connection"] == "close"


@each_dialect
@pytest.mark.parametrize("path", ["/", "/v1", "/nothing/here", "/%00", "/a%2Fb", "/%ff", "/é", "//", "/v1/../x"])
async def test_an_address_of_nothing(dialect: Dialect, path: str, admin: httpx.AsyncClient, hub: RunningHub):
    target = httpx.URL(hub.url + dialect.prefix + path)

    for method in ("GET", "POST", "PATCH", "OPTIONS"):
        answer = await admin.request(method, target)

        allowed = {as_http(dialect, status) for status in (400, 404)}
        assert sentence(dialect, answer, answer.status_code)
        assert answer.status_code in allowed


AMBIGUOUS = ["%00", "%01", "%09", "%0A", "%0D%0A", "%1b", "%7F", "%2F", "%2f..", "%ff", "%c3%28", "%ed%a0%80"]


@each_dialect
@pytest.mark.parametrize("part", AMBIGUOUS)
async def test_an_ambiguous_path(dialect: Dialect, part: str, admin: httpx.AsyncClient, hub: RunningHub):
    for path in {address(dialect, endpoint) for endpoint in dialect.endpoints}:
        for ambiguous in (f"{path}{part}", f"{path}/a{part}b/c", f"{dialect.prefix}/{part}/x"):
            answer = await admin.get(httpx.URL(hub.url + ambiguous))

            assert sentence(dialect, answer, as_http(dialect, 400)).startswith("The path"), ambiguous


@pytest.mark.parametrize("part", AMBIGUOUS)
@pytest.mark.parametrize("path", ["/uploads/{}", "/assets/{}/b/c", "/apps/x/{}/sites/y/script.js", "/events/{}"])
async def test_an_ambiguous_path_of_no_dialect(path: str, part: str, admin: httpx.AsyncClient, hub: RunningHub):
    answer = await admin.get(httpx.URL(hub.url + path.format(f"a{part}b")))

    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_REQUEST")
    assert answer.json()["message"].startswith("The path")


@pytest.mark.parametrize("part", AMBIGUOUS)
@pytest.mark.parametrize("path", ["/{}", "/graphql{}", "/nothing{}"])
async def test_an_ambiguous_path_of_no_face(path: str, part: str, admin: httpx.AsyncClient, hub: RunningHub):
    answer = await admin.get(httpx.URL(hub.url + path.format(f"{part}b")))

    assert answer.status_code == 400
    assert answer.json()["error"].startswith("The path")


@each_dialect
@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PROPFIND", "CONNECT"])
async def test_another_method(dialect: Dialect, method: str, admin: httpx.AsyncClient):
    paths = {address(dialect, endpoint): endpoint.path for endpoint in dialect.endpoints}

    for path, template in paths.items():
        answer = await admin.request(method, path)

        served = {one.method for one in dialect.endpoints if one.path == template}
        assert sentence(dialect, answer, as_http(dialect, 405))
        assert set(answer.headers["allow"].split(", ")) == served | ({"HEAD"} if "GET" in served else set())
