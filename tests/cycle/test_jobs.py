"""Jobs: readable at once, monotonic, and honest about success, failure and duplicates."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from jobs.job import NewJob
from jobs.transaction import enqueue
from models.database import Database
from models.tables import Job
from models.vocabulary import WorkState
from tests.cycle.conftest import NEVER, Cycle, checked, define, refused
from tests.definitions.conftest import Vendor
from tests.harness.acting import act
from tests.harness.tenants import Tenant
from tests.upstreams.faults import FaultServer

TOKEN = "token-of-the-vendor-1234"
VERIFY = {"action": "verify"}


@pytest.fixture
async def made(client: Cycle, organization: Tenant, vendor: Vendor) -> dict[str, Any]:
    """An integration of a vendor that can verify it."""
    await define(organization, "vendor", checked(vendor.url))
    return await client.make(vendor="vendor", name="Images", auth={"api_key": TOKEN})


async def verify(client: Cycle, made: dict[str, Any]) -> dict[str, Any]:
    """The descriptor of the job."""
    return await client.ok("POST", f"/{made['id']}/tasks", VERIFY, 202)


async def test_a_verification_makes_it_live(client: Cycle, made, organization):
    begun = await verify(client, made)
    job = await client.ended(begun["job"]["id"])

    after = await client.ok("GET", f"/{made['id']}")
    (planned,) = begun["job"]["tasks"]
    (task,) = job["tasks"]
    queue = f"hub-{organization.id}-integrations"
    assert (made["state"]["current"], after["state"]["current"]) == ("new", "live")
    assert (begun["action"], begun["job"]["accepted"], begun["job"]["queue"]) == ("verify", True, queue)
    assert planned == {
        "caption": "Verify Vendor",
        "header": "hub.integration.verify",
        "input": {"id": made["id"]},
        "steps": [
            {
                "caption": "Ask whether the credentials work",
                "description": "The definition's verification request.",
                "started": NEVER,
                "completed": NEVER,
            }
        ],
    }
    assert (job["state"]["current"], job["state"]["error"], job["hub_id"]) == ("completed", None, organization.id)
    assert (job["caption"], job["creator"]) == ("Verify Images", {"id": organization.admin_id, "type": "account"})
    assert (task["state"]["current"], task["error"]) == ("completed", None)
    assert task["output"] == {"id": made["id"], "state": "live"}
    (step,) = task["steps"]
    times = [job["events"]["queued"], step["started"], step["completed"], job["events"]["completed"]]
    assert NEVER not in times
    assert job["schedule"] < job["expires"]


async def test_a_failure_says_why_without_the_secret(client: Cycle, made, vendor: Vendor):
    vendor.answers("/me", {"error": f"what is {TOKEN}?"}, "401 Unauthorized")

    job = await client.ended((await verify(client, made))["job"]["id"])

    after = await client.ok("GET", f"/{made['id']}")
    message = "The remote service answered 401: what is ***?"
    assert job["state"]["error"] == job["tasks"][0]["error"] == {"message": message}
    assert (job["state"]["current"], job["tasks"][0]["state"]["current"]) == ("error", "error")
    assert job["tasks"][0]["output"] == {}
    assert after["state"] == {
        "current": "new",
        "changed": after["state"]["changed"],
        "error": {"message": message, "time": after["state"]["changed"]},
    }


async def test_new_credentials_end_the_error_of_the_old_ones(client: Cycle, made, vendor: Vendor):
    vendor.answers("/me", {"error": "gone"}, "401 Unauthorized")
    await client.ended((await verify(client, made))["job"]["id"])
    failed = await client.ok("GET", f"/{made['id']}")

    renamed = await client.ok("PATCH", f"/{made['id']}", {"name": "Pictures"})
    changed = await client.ok("PATCH", f"/{made['id']}", {"auth": {"api_key": "another-token-1234"}})

    assert renamed["state"] == failed["state"]
    assert failed["state"]["error"]["message"]
    assert (changed["state"]["current"], changed["state"].get("error")) == ("new", None)


async def test_is_readable_at_once_and_never_goes_back(client: Cycle, made, vendor: Vendor):
    job_id, seen = (await verify(client, made))["job"]["id"], []

    while not seen or seen[-1]["state"]["current"] not in ("completed", "error"):
        seen.append(await client.ok("GET", f"/v1/jobs/{job_id}"))

    order = ["queued", "running", "completed"]
    places = [order.index(job["state"]["current"]) for job in seen]
    assert places == sorted(places)
    for path in (("events", "started"), ("events", "completed")):
        assert len({job[path[0]][path[1]] for job in seen} - {NEVER}) == 1
    for name in ("started", "completed"):
        times = [job["tasks"][0]["steps"][0][name] for job in seen]
        assert len(set(times) - {NEVER}) == 1
        assert times == sorted(times)


async def test_a_waiting_next_try_is_still_running_and_steps_keep_their_times(
    client: Cycle, made, database: Database, organization
):
    job = await idle(database, organization, attempt=1, started_at=2_000, tasks=[_begun(1_000)])

    shown = await client.ok("GET", f"/v1/jobs/{job.id}")

    first = "1970-01-01T00:00:01.000Z"
    assert (shown["state"]["current"], shown["state"]["error"]) == ("running", None)
    assert shown["events"]["started"] == shown["tasks"][0]["steps"][0]["started"] == first


@pytest.mark.parametrize(
    ("facts", "current", "message"),
    [
        ({}, "queued", None),
        ({"run_at": 9_999_999_999_999}, "scheduled", None),
        ({"state": WorkState.RUNNING, "started_at": 5}, "running", None),
        ({"state": WorkState.SUCCEEDED, "started_at": 5, "finished_at": 6}, "completed", None),
        ({"state": WorkState.FAILED, "error": "It broke.", "finished_at": 6}, "error", "It broke."),
        (
            {"state": WorkState.FAILED, "error": "", "finished_at": 6},
            *("error", "The job ended without a reason; start it again."),
        ),
        ({"state": WorkState.CANCELLED, "finished_at": 6}, "expired", "The job was cancelled."),
    ],
)
async def test_shows_every_state_in_the_vendors_words(
    client: Cycle, database: Database, organization, facts, current, message
):
    job = await idle(database, organization, **facts)

    shown = await client.ok("GET", f"/v1/jobs/{job.id}")

    assert shown["state"]["current"] == current
    assert shown["state"]["error"] == (None if message is None else {"message": message})
    assert (shown["limit_duplicates"], len(shown["tasks"])) == (False, 1)


async def test_twenty_verifications_at_once_are_one_job(client: Cycle, organization, upstream: FaultServer):
    await define(organization, "slow", checked(upstream.url, verification={"request": {"path": "/held"}}))
    made = await client.make(vendor="slow", auth={"api_key": TOKEN})

    begun = await asyncio.gather(*(verify(client, made) for _ in range(20)))
    upstream.let_go.set()

    assert len({one["job"]["id"] for one in begun}) == 1
    assert {one["job"]["accepted"] for one in begun} == {True}
    job = await client.ok("GET", f"/v1/jobs/{begun[0]['job']['id']}")
    assert job["limit_duplicates"] is True


async def test_jobs_of_the_same_input_have_the_same_hash(client: Cycle, made, organization):
    other = await client.make(vendor="vendor", name="Other", auth={"api_key": TOKEN})

    jobs = [await client.ended((await verify(client, one))["job"]["id"]) for one in (made, made, other)]

    assert len({job["id"] for job in jobs}) == 3
    assert jobs[0]["hash"] == jobs[1]["hash"] != jobs[2]["hash"]


async def test_new_credentials_during_a_verification_are_not_live_by_the_old_ones(
    client: Cycle, made, vendor: Vendor
):
    await client.ended((await verify(client, made))["job"]["id"])
    vendor.answers("/me", {"error": "bad"}, "401 Unauthorized")

    changed = await client.ok("PATCH", f"/{made['id']}", {"auth": {"api_key": "another-token-5678"}})
    job = await client.ended((await verify(client, made))["job"]["id"])

    after = await client.ok("GET", f"/{made['id']}")
    assert [one["state"]["current"] for one in (changed, job, after)] == ["new", "error", "new"]


async def test_refuses_to_verify_what_cannot_be(client: Cycle, made, store):
    plain = await client.make()
    await client.ok("PATCH", f"/{made['id']}", {"auth": None})

    without = await client("POST", f"/{plain['id']}/tasks", VERIFY)
    empty = await client("POST", f"/{made['id']}/tasks", VERIFY)

    assert "no verification" in refused(without, 422, "422.invalid-argument")
    assert "no connection to verify" in refused(empty, 403, "403.not-ready")


@pytest.mark.parametrize(
    ("body", "code", "source"),
    [
        ({}, "422.missing-argument", "/action"),
        ({"action": None}, "422.missing-argument", "/action"),
        ({"action": "start"}, "422.invalid-argument", "/action"),
        ({"action": 7}, "422.invalid-argument", "/action"),
        ([], "422.invalid-argument", None),
    ],
)
async def test_refuses_another_action(client: Cycle, made, body, code, source):
    refused(await client("POST", f"/{made['id']}/tasks", body), 422, code, source)


async def test_the_creator_is_the_app_that_asked_in_nobodys_name(cycle, client: Cycle, made, organization):
    words = ["INTEGRATIONS_WRITE", "INTEGRATIONS_DELETE", "CONNECTIONS_READ"]
    given = {"name": "app", "permissions": words, "integrationId": made["id"]}
    token = await act(organization.client, "createToken", given, "secret token { databaseId }")
    app = cycle(token["secret"])

    begun = [await verify(app, made), await app.ok("DELETE", f"/{made['id']}", status=202)]
    jobs = [await client.ended(one["job"]["id"]) for one in begun]

    creator = {"id": token["token"]["databaseId"], "type": "api-key"}
    assert [(job["tasks"][0]["header"], job["creator"]) for job in jobs] == [
        ("hub.integration.verify", creator),
        ("hub.integration.delete", creator),
    ]


async def test_a_job_of_others_is_not_there(client: Cycle, stranger: Cycle, made):
    job_id = (await verify(client, made))["job"]["id"]

    for reader, path in ((stranger, job_id), (client, "f" * 24), (client, "nothing")):
        refused(await reader("GET", f"/v1/jobs/{path}"), 404, "404.job")


def _begun(at: int) -> dict[str, Any]:
    step = {"caption": "Ask", "description": "", "startedAt": at, "finishedAt": None}
    return {"caption": "Verify", "state": "RUNNING", "steps": [step], "error": None}


async def idle(database: Database, organization: Tenant, **facts: Any) -> Job:
    """A job that nobody runs, with these facts."""
    new = NewJob(operation="nobody.does", caption="Idle", organization_id=organization.id, queue="idle")
    async with database.write() as session:
        job = await enqueue(session, new)
        if facts:
            await session.execute(update(Job).where(col(Job.id) == job.id).values(**facts))
    return job
