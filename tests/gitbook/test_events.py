"""Events, tasks and development mode of an app."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from models.database import Database
from models.vocabulary import Permission, PlaceKind, PublicationVisibility
from resolvers.publishing.manifest import PublishIntegration
from resolvers.publishing.mutations import publish_integration
from tests.gitbook.conftest import World, refused
from tests.gitbook.judged import NEW
from tests.gitbook.test_installations import CITY, installed
from tests.harness.estate import caller_of
from tests.harness.rows import changes, snapshot
from tests.harness.waiting import eventually
from tests.upstreams.canned import reply
from tests.upstreams.faults import FaultServer

_TASKS = (Permission.INSTALLATIONS_WRITE, Permission.EVENTS_READ, Permission.EVENTS_EMIT)


async def listed(world: World, app: str) -> list[dict[str, Any]]:
    """The events of an app, oldest first."""
    return (await world.client.items(f"{app}/events", documents=(NEW,)))[::-1]


async def test_the_life_of_an_installation_is_told_in_the_vendors_types(world: World, other: World):
    app, one = await installed(world, other, configurations=CITY)
    space, site = await other.place(PlaceKind.SPACE), await other.place(PlaceKind.SITE)
    await other.client.ok("PATCH", one, {"configuration": {"city": "planted-city"}})
    for word, member, installed_id in (("space", "space", space), ("site", "siteId", site)):
        await other.client.ok("POST", f"{one}/{word}s", {member: installed_id}, 201)
        await other.client.ok("DELETE", f"{one}/{word}s/{installed_id}", status=205)
    await other.client.ok("DELETE", one, status=205)

    events = await listed(world, app)

    installed_id = one.rpartition("/")[2]
    told = [{name: value for name, value in event["payload"].items() if name != "eventId"} for event in events]
    assert told == [
        {"type": "installation_setup", "installationId": installed_id, "status": "pending"},
        {
            "type": "installation_setup",
            "installationId": installed_id,
            "status": "active",
            "previous": {"status": "pending"},
        },
        {"type": "space_installation_setup", "installationId": installed_id, "spaceId": space, "status": "active"},
        {"type": "space_installation_deleted", "installationId": installed_id, "spaceId": space, "previous": {}},
        {"type": "site_installation_setup", "installationId": installed_id, "siteId": site, "status": "active"},
        {"type": "site_installation_deleted", "installationId": installed_id, "siteId": site, "previous": {}},
        {"type": "installation_deleted", "installationId": installed_id, "previous": {}},
    ]
    assert "planted-city" not in str(events)
    for event in events:
        assert event["payload"]["eventId"] == event["id"]
        assert (event["installationId"], event["status"]) == (installed_id, "success")
        assert event["integrationId"] == app.rpartition("/")[2]
    assert [event["createdAt"] for event in events] == sorted(event["createdAt"] for event in events)


async def test_one_event_comes_with_its_trace(world: World, other: World):
    app, _ = await installed(world, other)
    (event,) = await listed(world, app)

    shown = await world.client.ok("GET", f"{app}/events/{event['id']}")

    assert shown == {"event": event, "trace": {"logs": []}}


async def test_a_trace_has_a_line_for_each_attempt(world: World, other: World, upstream: FaultServer):
    upstream.answers["/refusing"] = reply(b"", "text/plain", "410 Gone")
    lines = {}
    for word in ("ok", "refusing"):
        name = (await world.publish())["name"]
        addressed = PublishIntegration(
            name=name,
            title="Weather",
            description="",
            scopes=(),
            visibility=PublicationVisibility.PUBLIC,
            events_url=f"{upstream.url}/{word}",
        )
        await world.hub.run(publish_integration(caller_of(world.hub, world.tenant), addressed))
        await other.install(name)
        app = f"/integrations/{name}"
        lines[word] = await eventually(partial(_logs, world, app))

    (taken,), (refused_one,) = lines["ok"], lines["refusing"]
    assert (taken["message"], taken["level"]) == ("The app answered 200.", "info")
    assert refused_one["message"] == "The receiver answered 410 Gone, so it wants no more events."
    assert refused_one["level"] in ("warn", "error")
    assert taken["timestamp"] < refused_one["timestamp"]


async def _logs(world: World, app: str) -> list[dict[str, Any]]:
    """The lines of the trace of an app's first event."""
    event = (await listed(world, app))[0]
    logs: list[dict[str, Any]] = (await world.client.ok("GET", f"{app}/events/{event['id']}"))["trace"]["logs"]
    return logs


async def test_polling_two_at_a_time_shows_each_once(world: World, other: World):
    """The vendor's `tail` stops at the first event that it has printed."""
    app, one = await installed(world, other)
    printed: list[str] = []

    for number in range(4):
        page = await world.client.items(f"{app}/events?limit=2")
        fresh = []
        for event in page:
            if event["id"] in printed:
                break
            fresh.append(event["id"])
        printed += fresh[::-1]
        await other.client.ok("PATCH", one, {"configuration": {"number": number}})

    everything = [event["id"] for event in await listed(world, app)]
    assert printed == everything[: len(printed)]
    assert len(printed) == 4


async def test_events_are_paged_to_the_oldest(world: World, other: World):
    app, one = await installed(world, other)
    for number in range(3):
        await other.client.ok("PATCH", one, {"configuration": {"number": number}})
    path, seen = f"{app}/events?limit=2", []

    page = await world.client.ok("GET", path)
    while True:
        seen += [event["id"] for event in page["items"]]
        if "next" not in page:
            break
        page = await world.client.ok("GET", f"{path}&page={page['next']['page']}")

    assert seen == [event["id"] for event in await listed(world, app)][::-1]
    assert len(seen) == page["count"] == 4


async def test_events_of_an_app_are_for_its_owner_and_in_part_for_its_installers(
    world: World, other: World, new_world: Any
):
    app, _ = await installed(world, other)
    third = await new_world()
    await third.install(app.rpartition("/")[2])

    counts = [(await each.client.ok("GET", f"{app}/events"))["count"] for each in (world, other, third)]
    stranger = await (await new_world()).client("GET", f"{app}/events")

    assert counts == [2, 1, 1]
    assert stranger.status_code in (200, 404)
    assert stranger.status_code == 404 or stranger.json()["items"] == []
    theirs = (await third.client.items(f"{app}/events"))[0]["id"]
    refused(await other.client("GET", f"{app}/events/{theirs}"), 404)
    refused(await other.client("GET", f"{app}/events/{'0' * 24}"), 404)


async def test_a_task_is_told_as_an_event_once_it_is_due(world: World):
    app = f"/integrations/{(await world.publish())['name']}"
    client = await world.as_app(app.rpartition("/")[2], *_TASKS)
    task = {"type": "sync", "page": {"next": "2"}}

    answer = await client("POST", f"{app}/tasks", {"task": task})

    assert (answer.status_code, answer.content) == (204, b"")

    (event,) = await eventually(lambda: listed(world, app))
    assert {**event["payload"], "eventId": ""} == {"eventId": "", "type": "task", "task": task}
    assert "installationId" not in event


@pytest.mark.parametrize("schedule", [0, 0.5, 86_400, None])
async def test_schedules_that_are_taken(world: World, schedule: float | None):
    app = f"/integrations/{(await world.publish())['name']}"
    client = await world.as_app(app.rpartition("/")[2], *_TASKS)

    await client.ok("POST", f"{app}/tasks", {"task": {}, "schedule": schedule}, 204)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (None, "task: It is required and must be a JSON object."),
        ([], "The body must be a JSON object."),
        ({"task": None}, "task: It is required and must be a JSON object."),
        ({"task": "a"}, "task: "),
        ({"task": [1]}, "task: "),
        ({"task": {"a": "b" * 70_000}}, "task: "),
        *(
            ({"task": {}, "schedule": value}, "schedule: It must be a number of seconds from 0 to 86400.")
            for value in (86_400.1, -1, "60", True, [], {})
        ),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_bad_tasks_are_refused_and_leave_no_row(world: World, database: Database, body: Any, sentence: str):
    app = f"/integrations/{(await world.publish())['name']}"
    client = await world.as_app(app.rpartition("/")[2], *_TASKS)
    before = await snapshot(database, world.tenant.id)

    answer = await client("POST", f"{app}/tasks", body)

    said = refused(answer, 413 if "b" * 70_000 in str(body) else 400)
    assert said.startswith(sentence)
    assert changes(before, await snapshot(database, world.tenant.id)) == []


async def test_a_schedule_that_is_no_number_is_no_json(world: World):
    app = f"/integrations/{(await world.publish())['name']}"
    client = await world.as_app(app.rpartition("/")[2], *_TASKS)
    headers = {"Content-Type": "application/json"}

    answer = await client("POST", f"{app}/tasks", content=b'{"task": {}, "schedule": NaN}', headers=headers)

    assert refused(answer, 400).startswith("The body is not JSON")


async def test_an_installer_cannot_queue_tasks(world: World, other: World):
    app, _ = await installed(world, other)

    assert (await other.client("POST", f"{app}/tasks", {"task": {}})).status_code in (403, 404)


async def test_development_mode_begins_and_ends(world: World, upstream: FaultServer):
    app = f"/integrations/{(await world.publish())['name']}"
    body = {"tunnelUrl": f"{upstream.url}/ok", "all": True}

    begun = await world.client("PUT", f"{app}/dev", body)
    ended = [await world.client("DELETE", f"{app}/dev") for _ in range(2)]

    assert (begun.status_code, begun.content) == (204, b"")
    assert [(each.status_code, each.headers["content-length"]) for each in ended] == [(205, "0")] * 2


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (None, "tunnelUrl"),
        ({}, "tunnelUrl"),
        ({"tunnelUrl": ""}, "tunnelUrl"),
        ({"tunnelUrl": "https://a.example/" + "a" * 256}, "tunnelUrl"),
        ({"tunnelUrl": 7}, "tunnelUrl"),
        ({"tunnelUrl": "no address"}, "tunnelUrl"),
        ({"tunnelUrl": "ftp://a.example/"}, "tunnelUrl"),
        ({"tunnelUrl": "https://a.example/", "all": "yes"}, "all"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_bad_tunnels_are_refused(world: World, database: Database, body: Any, place: str):
    app = f"/integrations/{(await world.publish())['name']}"
    before = await snapshot(database, world.tenant.id)

    assert refused(await world.client("PUT", f"{app}/dev", body), 400).startswith(f"{place}: ")

    assert changes(before, await snapshot(database, world.tenant.id)) == []


async def test_another_organization_cannot_develop_an_app(world: World, other: World, upstream: FaultServer):
    app, _ = await installed(world, other)
    body = {"tunnelUrl": f"{upstream.url}/ok"}

    for method in ("PUT", "DELETE"):
        assert (await other.client(method, f"{app}/dev", body)).status_code in (403, 404)
        refused(await other.client(method, "/integrations/no-such-app/dev", body), 404)
