"""Other organizations: what they have does not exist, except for what they lend."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import col, select

from models.tables import Dispatch, Event
from models.vocabulary import HttpMethod
from resolvers.capabilities.declaring import DeclareCapability
from tests.donutwork.conftest import Donut, refused
from tests.harness.apps import Apps
from tests.upstreams.faults import FaultServer

CALLS = [
    ("GET", "/integrations/{}.json"),
    ("GET", "/integrations/{}/LOOK.json"),
    ("POST", "/integrations/{}/RUN.json"),
    ("PUT", "/integrations/{}/RUN.json"),
    ("DELETE", "/integrations/{}/RUN.json"),
    ("POST", "/integrations/{}/events/Theirs.DONE/emit.json"),
]


def capabilities(upstream: FaultServer) -> list[DeclareCapability]:
    run = DeclareCapability(name="RUN", method=HttpMethod.POST, endpoint=f"{upstream.url}/ok")
    return [run, DeclareCapability(name="LOOK", method=HttpMethod.GET, endpoint=f"{upstream.url}/ok")]


async def rows(apps: Apps, model: type[Any]) -> list[Any]:
    async with apps.database.read() as session:
        own = select(model).where(col(model.organization_id) == apps.tenant.id)
        return list((await session.execute(own)).scalars())


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_anothers_app_looks_as_one_that_is_not_there(
    method: str, path: str, client: Donut, others: Apps, upstream: FaultServer
):
    await others.make("Theirs", *capabilities(upstream), events=["Theirs.DONE"], app_token="theirs-1-secret")
    body = {} if method in ("POST", "PUT") else None

    theirs = await client(method, path.format("THEIRS"), body)
    nobodys = await client(method, path.format("NOBODYS"), body)

    refused(theirs, 404)
    assert theirs.content == nobodys.content
    assert {name: value for name, value in theirs.headers.items() if name != "date"} == {
        name: value for name, value in nobodys.headers.items() if name != "date"
    }
    assert upstream.connections == 0
    assert await rows(others, Dispatch) == []
    assert [row.type for row in await rows(others, Event) if not row.type.startswith("Hub.")] == []


async def test_lists_none_of_anothers(client: Donut, others: Apps):
    await others.make("Theirs")

    assert (await client.ok("GET", "/integrations.json"))["count"] == 0


async def test_two_organizations_call_apps_by_the_same_handler(
    donut, client: Donut, apps: Apps, others: Apps, upstream: FaultServer
):
    mine = await apps.make("Theirs", DeclareCapability(name="RUN", method="POST", endpoint=f"{upstream.url}/mine"))
    theirs = await others.make("Theirs", *capabilities(upstream))
    other = donut(others.tenant.token)

    await client.ok("POST", "/integrations/THEIRS/RUN.json")
    await other.ok("POST", "/integrations/THEIRS/RUN.json")

    assert [received.target for received in upstream.requests] == ["/mine", "/ok"]
    assert [row.integration_id for row in await rows(apps, Dispatch)] == [mine.id]
    assert [row.integration_id for row in await rows(others, Dispatch)] == [theirs.id]


async def test_an_installed_foreign_app_is_called_with_its_publishers_token_unseen(
    client: Donut, apps: Apps, others: Apps, upstream: FaultServer
):
    theirs = await others.make("Theirs", *capabilities(upstream), app_token="theirs-4711-secret")
    await apps.install(theirs, "VENDOR")

    shown = await client("GET", "/integrations/VENDOR.json")
    listed = await client("GET", "/integrations.json")
    run = await client("POST", "/integrations/VENDOR/RUN.json", {})
    own_handler = await client("POST", "/integrations/THEIRS/RUN.json", {})

    (received,) = upstream.requests
    assert received.header("authorization") == ["Bearer theirs-4711-secret"]
    assert run.json() == {
        "success": True,
        "integration": "VENDOR",
        "action": "RUN",
        "external_status": 200,
        "response": {"ok": True},
    }
    assert shown.json()["handler"] == "VENDOR"
    assert [element["handler"] for element in listed.json()["elements"]] == ["VENDOR"]
    refused(own_handler, 404)
    for answer in (shown, listed, run, own_handler):
        assert "4711" not in answer.text
    (record,) = await rows(apps, Dispatch)
    assert (record.integration_id, record.url) == (theirs.id, f"{upstream.url}/ok")
    assert await rows(others, Dispatch) == []


async def test_a_foreign_app_without_a_token_of_its_own_is_called_without_one(
    client: Donut, apps: Apps, others: Apps, upstream: FaultServer
):
    theirs = await others.make("Theirs", *capabilities(upstream))
    await apps.install(theirs, "THEIRS")

    await client.ok("GET", "/integrations/THEIRS/LOOK.json")

    assert upstream.requests[0].header("authorization") == []


async def test_an_installer_cannot_declare_for_a_foreign_app(client: Donut, apps: Apps, others: Apps, upstream):
    theirs = await others.make("Theirs", *capabilities(upstream))
    await apps.install(theirs, "THEIRS")

    refused(await client("PUT", "/integrations.json", {"capabilities": []}), 403)

    assert len((await client.ok("GET", "/integrations/THEIRS.json"))["actions"]) == 2


async def test_a_publisher_does_not_call_its_app_as_an_installer_does(donut, apps: Apps, others: Apps, upstream):
    theirs = await others.make("Theirs", *capabilities(upstream))
    await apps.install(theirs, "VENDOR")
    publisher = donut(others.tenant.token)

    listed = await publisher.ok("GET", "/integrations.json")

    assert [element["handler"] for element in listed["elements"]] == ["THEIRS"]
    refused(await publisher("GET", "/integrations/VENDOR.json"), 404)
    refused(await publisher("POST", "/integrations/VENDOR/RUN.json", {}), 404)
    assert upstream.connections == 0
