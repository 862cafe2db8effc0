"""The vendor's documents as judge of the table of endpoints; each answer is judged by the client of these tests."""

from __future__ import annotations

import os
import re
from pathlib import Path

import httpx
import pytest

from rest.gitbook import dialect
from tests.gitbook.conftest import GitBook, World, manifest, refused
from tests.gitbook.judged import operations
from tests.harness.server import RunningHub

ENDPOINTS = 27
BESIDES = {
    ("GET", "/user"),
    ("GET", "/orgs/{}"),
    ("GET", "/orgs/{}/sites/{}"),
    ("GET", "/spaces/{}"),
    ("POST", "/integrations/{}/installations/{}/spaces"),
    *(
        (method, f"/integrations/{{}}/installations/{{}}/{word}/{{}}")
        for method in ("PATCH", "DELETE")
        for word in ("spaces", "sites")
    ),
}


def _unnamed(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)


@pytest.mark.needs("contracts")
def test_the_table_has_the_vendors_operations_and_those_that_its_programs_call_besides():
    documented = {(method, _unnamed(path)) for method, path in operations()}
    served = {(one.method, _unnamed(one.path).removeprefix("/v1")) for one in dialect.endpoints}

    assert len(documented) == ENDPOINTS
    assert served == documented | BESIDES
    assert documented.isdisjoint(BESIDES)


@pytest.mark.needs("contracts")
def test_the_reference_has_the_same_operations():
    text = (Path(os.environ["PATCHBAY_CONTRACTS"]) / "gitbook" / "reference.txt").read_text()

    named = set(re.findall(r"^(get|put|post|patch|delete)\n(/\S+)$", text, re.MULTILINE))

    assert {(method.upper(), _unnamed(path)) for method, path in named} == {
        (method, _unnamed(path)) for method, path in operations()
    }


@pytest.mark.parametrize(
    "name", ["installations-status", "dev", "events", "tasks", "installations", "spaces", "a.b-c_d"]
)
async def test_an_app_may_have_any_name(world: World, other: World, name: str):
    await world.publish(name)
    made = await other.install(name)
    path = f"/orgs/{other.tenant.id}/integrations"

    for called in (name, name.upper()):
        shown = await other.client.ok("GET", f"/integrations/{called}/installations/{made['id']}")
        assert shown["id"] == made["id"]
        assert await other.client.ok("GET", f"{path}/{called}/installation_status") == {"status": "active"}
    assert [each["integration"]["name"] for each in await other.client.items(f"{path}/installations-status")] == [
        name
    ]
    assert (await other.client.ok("GET", f"/integrations/{name}/events"))["count"] == 1
    await world.client.ok("DELETE", f"/integrations/{name}", status=205)


async def test_a_name_may_have_a_hundred_letters(world: World):
    name = "n" * 99 + world.tenant.id[-1]

    assert (await world.publish(name))["name"] == name
    await world.client.ok("DELETE", f"/integrations/{name}", status=205)


@pytest.mark.parametrize("content_type", [None, "application/json; charset=utf-8", "application/json"])
async def test_a_body_needs_no_accept_and_none_needs_no_content_type(world: World, content_type: str | None):
    name = (await world.publish())["name"]
    headers = {} if content_type is None else {"Content-Type": content_type}

    answer = await world.client("DELETE", f"/integrations/{name}", headers=headers)

    assert answer.status_code == 205


@pytest.mark.parametrize(
    ("method", "path", "sent", "status"),
    [
        ("GET", "/nothing", {}, 404),
        ("GET", "/integrations/a/b/c/d/e/f/g", {}, 404),
        ("PUT", "/integrations", {}, 405),
        ("POST", "/user", {}, 405),
        ("POST", "/integrations/app", {"content": b"{"}, 400),
        ("POST", "/integrations/app", {"content": b"[]"}, 400),
        ("POST", "/integrations/app", {"content": b"\xff"}, 400),
        ("PATCH", "/integrations/app/installations/x", {"content": b"a" * 1_100_000}, 413),
        ("POST", "/integrations/app/tasks", {"content": b"task=1", "headers": {"Content-Type": "text/plain"}}, 415),
    ],
)
async def test_what_is_no_call_is_refused_in_the_vendors_form(
    world: World, method: str, path: str, sent: dict, status: int
):
    headers = {"Content-Type": "application/json", **sent.get("headers", {})}

    answer = await world.client(method, path, **{**sent, "headers": headers})

    assert refused(answer, status)


@pytest.mark.parametrize("token", [None, "pb_short", "pb_" + "A" * 43])
async def test_a_bad_token_is_told_in_a_sentence(http: httpx.AsyncClient, token: str | None):
    assert refused(await GitBook(http, token)("GET", "/user"), 401) == (
        "Give a valid token as `Authorization: Bearer …`."
    )


async def test_a_large_publishing_is_taken(world: World, hub: RunningHub):
    script = "// " + "a" * 12_000_000

    shown = await world.publish(script=script)

    assert shown["version"] == 1
    body = {**manifest(world.tenant), "script": "a" * (17 * 1024 * 1024)}
    assert refused(await world.client("POST", f"/integrations/{shown['name']}", body), 400).startswith("script")
