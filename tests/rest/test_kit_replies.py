"""Answers of the kit that are no plain JSON: headers, empty ones, refusals with a status of their own, PATCH."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from models.errors import Conflict, Forbidden, InvalidInput, NotFound
from resolvers.caller import Caller
from rest.kit import Asked, Delete, Get, Patch, Post, Refusal, Reply
from tests.harness.server import PLAIN_HTTP, RunningHub
from tests.harness.tenants import Tenant
from tests.rest.speaking import PREFIX, echo, shown, small, speaking


def _refuse(refusal: Refusal) -> object:
    if isinstance(refusal.error, Conflict):
        return Reply.json({"took": True}, status=200, headers=(("x-why", "taken"),))
    if refusal.status == 429 or refusal.status == 405:
        return Reply.empty(refusal.status)
    return {"error": refusal.message}


async def _remove(caller: Caller, id: str) -> str:
    if id == "gone":
        raise NotFound("thing")
    if id == "foreign":
        raise Forbidden("Not yours.")
    return id


async def _conflict(caller: Caller) -> None:
    raise Conflict("It is taken.")


@pytest.fixture(scope="module")
def spoken(hub: RunningHub) -> Iterator[RunningHub]:
    """A dialect with replies of each kind."""
    dialect = small(
        Post("/things", echo, lambda asked: (asked.members(),), _made, status=201),
        Patch("/things/{id}", echo, lambda asked: (asked.body or [],), shown),
        Delete("/things/{id}", echo, lambda asked: (None,), lambda _, asked: Reply.empty(205)),
        Get("/things/{id}", echo, lambda asked: (asked.caller.organization_id,), shown),
        Delete(
            "/removable/{id}",
            _remove,
            lambda asked: (asked.path["id"],),
            _removed,
            absent=Reply.json({"nothing": "to remove"}, status=210, headers=(("x-was", "absent"),)),
        ),
        Get("/removable/{id}", _remove, lambda asked: (asked.path["id"],), shown),
        Get("/taken", _conflict, lambda asked: (), shown),
        Get("/nothing", echo, lambda asked: (None,), lambda _, asked: Reply.empty(204, (("x-total", "0"),))),
        refuse=_refuse,
    )
    with speaking(hub.app.state.hub, dialect) as running:
        yield running


@pytest.fixture
async def client(spoken: RunningHub, organization: Tenant):
    """For the organization's administrator."""
    headers = {"Authorization": f"Bearer {organization.token}"}
    async with httpx.AsyncClient(base_url=spoken.url + PREFIX, headers=headers, **PLAIN_HTTP) as http:
        yield http


def _made(result: object, asked: Asked) -> Reply:
    return Reply.json(result, status=201, headers=(("location", f"{asked.base}/things/7"),))


def _removed(id: str, asked: Asked) -> object:
    if id == "unshown":
        raise NotFound("thing")
    return id


async def test_an_endpoint_may_answer_what_is_absent_as_a_success(client: httpx.AsyncClient):
    there, gone = await client.delete("/removable/there"), await client.delete("/removable/gone")

    assert (there.status_code, there.json()) == (200, "there")
    assert (gone.status_code, gone.json(), gone.headers["x-was"]) == (210, {"nothing": "to remove"}, "absent")


async def test_every_other_refusal_and_endpoint_is_as_without_it(client: httpx.AsyncClient, spoken: RunningHub):
    async with httpx.AsyncClient(base_url=spoken.url + PREFIX, **PLAIN_HTTP) as nobody:
        unknown = await nobody.delete("/removable/gone")
    others = [
        await client.delete("/removable/foreign"),
        await client.delete("/removable/unshown"),  # the operation has found it
        await client.get("/removable/gone"),
    ]

    assert unknown.status_code == 401
    assert [answer.status_code for answer in others] == [403, 404, 404]


async def test_a_reply_of_json_has_its_status_and_headers(client: httpx.AsyncClient, spoken: RunningHub):
    answer = await client.post("/things", json={"a": "é"})

    assert (answer.status_code, answer.json()) == (201, {"a": "é"})
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["location"] == f"{spoken.url}{PREFIX}/things/7"


async def test_the_base_is_the_address_that_the_client_called(client: httpx.AsyncClient):
    answer = await client.post("/things", json={}, headers={"Host": "hub.example.com:81"})

    assert answer.headers["location"] == f"http://hub.example.com:81{PREFIX}/things/7"


async def test_the_base_is_below_the_public_address_if_there_is_one(hub: RunningHub, organization: Tenant):
    dialect = small(Get("/base", echo, lambda asked: (asked.base,), shown))
    headers = {"Authorization": f"Bearer {organization.token}"}

    with speaking(replace(hub.app.state.hub, public_url="https://hub.example.com/in"), dialect) as running:
        async with httpx.AsyncClient(headers=headers, **PLAIN_HTTP) as http:
            answer = await http.get(f"{running.url}{PREFIX}/base")

    assert answer.json() == f"https://hub.example.com/in{PREFIX}"


async def test_an_empty_reply_of_205_says_that_it_is_empty(client: httpx.AsyncClient):
    reset, none = await client.delete("/things/7"), await client.get("/nothing")

    assert (reset.status_code, reset.headers["content-length"], reset.content) == (205, "0", b"")
    assert (none.status_code, none.headers["x-total"], "content-length" in none.headers) == (204, "0", False)


async def test_a_connection_is_good_for_another_call_after_a_205(spoken: RunningHub, organization: Tenant):
    host, port = spoken.url.removeprefix("http://").split(":")
    call = f"DELETE {PREFIX}/things/7 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {organization.token}\r\n"

    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(f"{call}\r\n{call}Connection: close\r\n\r\n".encode())
        received = b"".join(iter(lambda: connection.recv(65_536), b""))

    assert received.count(b"HTTP/1.1 205") == 2
    assert received.lower().count(b"content-length: 0") == 2


async def test_patch_takes_a_body(client: httpx.AsyncClient):
    operations = [{"op": "replace", "path": "/name", "value": "x"}]

    assert (await client.patch("/things/7", json=operations)).json() == operations
    assert (await client.patch("/things/7")).json() == []


async def test_reads_know_the_caller(client: httpx.AsyncClient, organization: Tenant):
    assert (await client.get("/things/7")).json() == organization.id


async def test_head_has_the_headers_of_get_and_options_the_methods(client: httpx.AsyncClient):
    head, options = await client.head("/things/7"), await client.options("/things/7")

    assert (head.status_code, head.content, int(head.headers["content-length"]) > 0) == (200, b"", True)
    assert (options.status_code, options.headers["allow"]) == (405, "DELETE, GET, HEAD, PATCH")


async def test_a_refusal_may_be_a_reply_and_keeps_the_headers_of_refusals(client: httpx.AsyncClient):
    taken, wrong = await client.get("/taken"), await client.get("/things")

    assert (taken.status_code, taken.json(), taken.headers["x-why"]) == (200, {"took": True}, "taken")
    assert (wrong.status_code, wrong.content, wrong.headers["allow"]) == (405, b"", "POST")
    assert (await client.get("/elsewhere")).json()["error"]


async def test_another_content_type_than_json_is_refused_and_not_read(client: httpx.AsyncClient):
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json-patch+json", ""):
        answer = await client.patch("/things/7", content=b"{", headers={"Content-Type": kind})

        assert answer.status_code == 415, kind


def test_a_list_is_no_object():
    with pytest.raises(InvalidInput):
        Asked(body=[]).members()
