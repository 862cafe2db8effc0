"""The token of an app is of that app alone: not of its sibling, which has been told of other organizations."""

from __future__ import annotations

from typing import Any

import pytest

from models.vocabulary import Permission
from tests.gitbook.conftest import World, manifest, refused
from tests.harness.rows import changes, snapshot

ALL = (
    Permission.EVENTS_READ,
    Permission.INSTALLATIONS_READ,
    Permission.INSTALLATIONS_WRITE,
    Permission.INTEGRATIONS_PUBLISH,
    Permission.INTEGRATIONS_READ,
)
CALLS: list[tuple[str, str, Any]] = [
    ("GET", "/events", None),
    ("POST", "/tasks", {"task": {"n": 1}}),
    ("PUT", "/dev", {"tunnelUrl": "https://tunnel.example.com/app", "all": False}),
    ("DELETE", "/dev", None),
    ("POST", "", {}),
    ("DELETE", "", None),
]


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
async def test_does_nothing_with_a_sibling(method, path, body, world: World, other: World, database) -> None:
    app, sibling = (await world.publish())["name"], (await world.publish())["name"]
    await other.install(sibling)
    speaker = await world.as_app(app, *ALL)
    body = manifest(world.tenant) if body == {} else body
    before = await snapshot(database, world.tenant.id)

    answer = await speaker(method, f"/integrations/{sibling}{path}", body)

    assert "for that app only" in refused(answer, 403)
    assert set(changes(before, await snapshot(database, world.tenant.id))) <= {"+ audit_entry", "~ token"}


async def test_reads_no_event_of_a_sibling(world: World, other: World) -> None:
    app, sibling = (await world.publish())["name"], (await world.publish())["name"]
    await other.install(sibling)
    [event] = (await (await world.as_app(sibling, *ALL)).items(f"/integrations/{sibling}/events"))[:1]

    answer = await (await world.as_app(app, *ALL))("GET", f"/integrations/{sibling}/events/{event['id']}")

    refused(answer, 403)


async def test_publishes_itself_and_no_new_app(world: World) -> None:
    app = (await world.publish())["name"]
    speaker = await world.as_app(app, *ALL)

    refused(await speaker("POST", f"/integrations/{app}-2", manifest(world.tenant)), 403)

    refused(await world.client("GET", f"/integrations/{app}-2"), 404)
    assert (await speaker.ok("POST", f"/integrations/{app}", manifest(world.tenant, title="Mine")))["title"] == "Mine"
