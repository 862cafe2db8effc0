"""The vendor's own page as judge: what it shows, we take and answer, with the same members and kinds of values."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from models.tables import Connection
from models.vocabulary import HttpMethod
from resolvers.integrations.tags import SetIntegrationTags, set_integration_tags
from rest.informer import dialect
from tests.harness.apps import Apps
from tests.informer.conftest import Informer, refused
from tests.informer.test_icons import form
from tests.upstreams.canned import reply
from tests.upstreams.faults import FaultServer

ENDPOINTS = 10
ONE = "/api/integrations/{id}"
_ROW = re.compile(r"(\w+?)(string \(UUID\)|string|boolean|object)(No|Yes)?([A-Z].*)")
#: Members that the page names, and what one of each kind may hold.
_VALUES = {
    "id": "0c3e7b62-3f25-4d5e-9a55-0f2b9f7cbb11",
    "mode": "shared",
    "authType": "apikey",
    "apiKeyLocation": "query",
    "headers": {"X-User": "${user.username}"},
    "data": {"a": 1},
    "basicTokenAuth": True,
    "type": "custom",
}
_ADDRESSES = {"authUri", "tokenUri", "revocationUri", "apiBaseUri"}
#: What is never shown, and what is not shown of every way of authorising.
_WRITE_ONLY = {"clientSecret", "apiKey", "headers", "basicTokenAuth"}

#: By the page, which is the vendor's and not in this repository.
judged = pytest.mark.needs("contracts")


@dataclass
class Documented:
    """An endpoint of the page: the JSON that it shows, and the members that its tables name."""

    method: str
    path: str
    shown: list[Any] = field(default_factory=list)
    members: dict[str, bool] = field(default_factory=dict)


@pytest.fixture(scope="session")
def page() -> dict[tuple[str, str], Documented]:
    """The endpoints of the vendor's page."""
    text = (Path(os.environ["PATCHBAY_CONTRACTS"]) / "informer" / "reference.txt").read_text()
    found = {(one.method, one.path): one for one in documented(text)}
    assert len(found) == ENDPOINTS
    return found


def documented(text: str) -> Iterator[Documented]:
    """A line `GET /api/…` begins an endpoint; its JSON stands as it is, its tables are rows run together."""
    endpoint, at, end = None, 0, 0
    for line in text.splitlines(keepends=True):
        method, _, path = line.strip().partition(" ")
        if method in HttpMethod.__members__ and path.startswith("/api/"):
            if endpoint is not None:
                yield endpoint
            endpoint = Documented(method, path)
        elif endpoint is not None and line in ("{\n", "[\n") and at >= end:
            value, end = json.JSONDecoder().raw_decode(text, at)
            endpoint.shown.append(value)
        elif endpoint is not None and at >= end and (row := _ROW.fullmatch(line.strip())) and row[1] != "id":
            endpoint.members[row[1]] = row[3] == "Yes"
        at += len(line)
    if endpoint is not None:
        yield endpoint


def shape(value: Any) -> Any:
    """Members and kinds of values; of lists that of their first member."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def lacking(answer: Any, shown: Any) -> list[str]:
    """What is shown and not answered, or answered as another kind of value."""
    return sorted(f"{path} {kind}" for path, kind in _paths(shown) - _paths(answer))


def _paths(value: Any, at: str = "") -> set[tuple[str, str]]:
    if isinstance(value, list):
        return {(at, "list")} | (_paths(value[0], f"{at}[]") if value else set())
    if not isinstance(value, dict):
        return {(at, type(value).__name__)}
    return {(at, "dict")}.union(*(_paths(member, f"{at}.{name}") for name, member in value.items()))


def shown_by(page: dict[tuple[str, str], Documented], method: str, path: str) -> Any:
    """The last JSON of an endpoint, which is its answer."""
    return page[method, path].shown[-1]


@judged
def test_every_documented_endpoint_is_served(page):
    served = {(one.method, one.path) for one in dialect.endpoints}

    assert set(page) <= served


@judged
async def test_every_documented_endpoint_is_refused_to_nobody(page, informer):
    for method, path in page:
        refused(await informer(None)(method, path.removeprefix("/api").replace("{id}", "stock")), 401)


@judged
async def test_every_documented_body_is_taken_and_answered_as_shown(page, client: Informer):
    *bodies, answer = page["POST", "/api/integrations"].shown
    update, *_ = page["PUT", ONE].shown
    examples = [body for body in bodies if "type" in body]
    assert len(examples) == 2

    made = [await client.ok("POST", "/integrations", body, 201) for body in examples]
    changed = await client.ok("PUT", f"/integrations/{made[0]['id']}", update)

    for one, body in zip(made, examples, strict=True):
        assert lacking(one, answer) == []
        told = {name: value for name, value in body.items() if name not in _WRITE_ONLY | {"authType"}}
        assert {name: one[name] for name in told} == told
        assert one["authType"] == body["authType"].lower()
    assert {name: changed[name] for name in update} == update


@judged
async def test_every_member_that_the_tables_name_is_taken_and_kept(page, client: Informer, upstream: FaultServer):
    upstream.answers["/icon"] = reply(b'<svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml")
    tables = page["POST", "/api/integrations"].members, page["PUT", ONE].members
    assert [sum(table.values()) for table in tables] == [2, 0]
    assert set(tables[1]) | {"id"} == set(tables[0]) | {"id"}
    body = {name: _VALUES.get(name, f"{name}-4711") for name in {*tables[0], "id"}}
    body |= {name: f"https://{name.lower()}.example.com/a" for name in _ADDRESSES}
    body["imageUrl"] = f"{upstream.url}/icon"

    made = await client.ok("POST", "/integrations", body, 201)
    again = await client.ok("PUT", f"/integrations/{made['id']}", {**body, "imageUrl": made["imageUrl"]})

    told = {name: value for name, value in body.items() if name not in _WRITE_ONLY | {"imageUrl"}}
    for answer in (made, again):
        assert {name: answer.get(name) for name in told} == told
        assert _WRITE_ONLY.isdisjoint(answer)


@judged
async def test_every_documented_answer_has_the_documented_shape(page, client: Informer, apps: Apps, upstream):
    upstream.answers["/icon"] = reply(b'<svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml")
    whole = shown_by(page, "GET", ONE)
    listed = shown_by(page, "GET", "/api/integrations")
    gallery = shown_by(page, "GET", "/api/integrations-list")
    told = {name: whole[name] for name in whole if name in page["POST", "/api/integrations"].members}
    made = await client.ok("POST", "/integrations", {**told, "imageUrl": f"{upstream.url}/icon"}, 201)
    await apps.tenant.add_user("marketing")
    await client.ok("PUT", f"/integrations/{made['slug']}/shares/marketing", gallery[0]["sharing"][0] | {})
    await tag(apps, made["id"])

    answers = {
        path: await client.ok("GET", path.removeprefix("/api").replace("{id}", made["slug"]))
        for path in ("/api/integrations", "/api/integrations-list", ONE)
    }

    assert shape(answers[ONE]) == shape(whole)
    assert list(answers[ONE]) == list(whole)
    assert set(answers[ONE]["_links"]) == set(whole["_links"])
    assert shape(answers["/api/integrations"]) == shape(listed)
    assert list(answers["/api/integrations"]) == list(listed)
    assert shape(answers["/api/integrations-list"]) == shape(gallery)
    assert list(answers["/api/integrations-list"][0]) == list(gallery[0])
    assert answers[ONE]["slug"] == whole["slug"]


async def test_every_documented_status_is_answered(client: Informer, apps: Apps):
    made = await client.make()
    put = await client("PUT", "/integrations/stock/icon", **form(b'<svg xmlns="http://www.w3.org/2000/svg"/>'))
    shown = await client("GET", "/integrations/stock/icon")
    removed = await client("DELETE", "/integrations/stock/icon")
    gone = await client("DELETE", f"/integrations/{made['id']}")

    assert [one.status_code for one in (put, shown, removed, gone)] == [200, 200, 204, 204]


@judged
async def test_the_account_has_the_documented_members(page, client: Informer, apps: Apps):
    shown = shown_by(page, "GET", f"{ONE}/account")
    await client.make(authType="bearer")
    await client.ok("POST", "/integrations/stock/connect", {"token": "t-4711"}, 201)
    async with apps.database.write() as session:
        mine = select(Connection).where(col(Connection.organization_id) == apps.tenant.id)
        (await session.execute(mine)).scalars().one().account = shown

    assert await client.ok("GET", "/integrations/stock/account") == shown


async def tag(apps: Apps, integration_id: str) -> None:
    tags = SetIntegrationTags(integration_id=integration_id, tags=["one", "two"])
    await apps.hub.run(set_integration_tags(apps._admin, tags))
