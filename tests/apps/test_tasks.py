"""Tasks of an app: told once, in the order in which they are due, to the app alone, and dropped with it."""

from __future__ import annotations

import math

import orjson
import pytest
from sqlalchemy import delete, text, update
from sqlmodel import SQLModel, col

from models.errors import Conflict, Forbidden, InvalidInput, NotFound, Oversized, TooMany
from models.row import new_id
from models.tables import Event, Job
from models.vocabulary import HubEvent, Permission
from resolvers.apps.tasks import LARGEST_TASK, MOST_WAITING, QueueTask, queue_task
from resolvers.tasks import TASK
from tests.apps.conftest import Market
from tests.harness.backends import both, on_postgresql
from tests.harness.waiting import eventually
from tests.webhooks.signed import sent

LATER = 3600.0


async def queue(market: Market, delay: float = 0, **facts: object) -> Job:
    return await market.run(queue_task, new(market, delay, **facts))


def new(market: Market, delay: float = 0, **facts: object) -> QueueTask:
    return QueueTask(**{"app": market.ref, "task": {"n": 1}, "delay_seconds": delay} | facts)


async def waiting(market: Market) -> list[Job]:
    return await market.rows(Job, col(Job.integration_id) == market.app.id, col(Job.operation) == TASK)


async def told(market: Market) -> list[Event]:
    found = await market.rows(Event, col(Event.integration_id) == market.app.id, col(Event.type) == HubEvent.TASK_DUE)
    return sorted(found, key=lambda event: event.sequence)


@both
async def test_a_task_is_told_to_the_app_signed_and_to_nobody_else(addressed):
    await queue(addressed, task={"kind": "sync", "at": [1, None]}, installation_id=addressed.installation.id)

    [request] = await addressed.told(1)
    body = orjson.loads(request.body)
    assert body["type"] == HubEvent.TASK_DUE
    assert body["data"] == {
        "integrationId": addressed.app.id,
        "installationId": addressed.installation.id,
        "task": {"kind": "sync", "at": [1, None]},
    }
    assert sent(request)["webhook-signature"].startswith("v1,")
    [event] = await told(addressed)
    assert (event.organization_id, event.app_visible) == (addressed.publisher.id, True)
    await eventually(lambda: _is_empty(addressed))


@on_postgresql
@pytest.mark.parametrize("delay", [0, 0.5, 86_400])
async def test_takes_a_delay_of_up_to_a_day_to_the_millisecond(market, delay):
    before = (await queue(market, LATER)).run_at

    job = await queue(market, delay)

    assert 0 <= job.run_at - (before - LATER * 1000 + round(delay * 1000)) < 60_000


@on_postgresql
@pytest.mark.parametrize("delay", [-1, -0.001, 86_400.1, 86_401, math.nan, math.inf, "60", True, None])
async def test_refuses_every_other_delay_and_queues_nothing(market, delay):
    with pytest.raises(InvalidInput) as refusal:
        await queue(market, delay)

    assert [one.path for one in refusal.value.violations] == [("delay_seconds",)]
    assert await waiting(market) == []


@on_postgresql
@pytest.mark.parametrize("task", [None, [], "text", 1])
async def test_refuses_a_task_that_is_no_object(market, task):
    with pytest.raises(InvalidInput) as refusal:
        await queue(market, task=task)

    assert [one.path for one in refusal.value.violations] == [("task",)]
    assert await waiting(market) == []


@both
async def test_a_task_has_at_most_64_kb(market):
    largest = {"t": "é" * ((LARGEST_TASK - len('{"t":""}')) // 2)}
    await queue(market, LATER, task=largest)

    with pytest.raises(Oversized):
        await queue(market, LATER, task={"t": largest["t"] + "x"})
    assert len(await waiting(market)) == 1


@both
async def test_at_most_10_000_tasks_of_an_app_wait(market):
    first = await queue(market, LATER, installation_id=market.installation.id)
    await _copy(market, first, MOST_WAITING - 2)
    last = await queue(market, LATER)

    with pytest.raises(TooMany, match="10,000 tasks of this app wait"):
        await queue(market, LATER)

    async with market.database.write() as session:
        await session.execute(delete(Job).where(col(Job.id) == last.id))
    await queue(market, LATER)


@both
async def test_the_tokens_that_may_queue(market, new_organization):
    elsewhere = await market.install(await new_organization())
    own_app = market.caller(Permission.EVENTS_READ, integration_id=market.app.id, principal_id=None)
    installed = market.caller(Permission.EVENTS_READ, of=market.installer, installation_id=market.installation.id)

    for named in (None, market.installation.id, elsewhere.id):
        job = await market.hub.run(queue_task(own_app, new(market, LATER, installation_id=named)))
        assert job.subject_id == (named or market.app.id)
    for named in (None, market.installation.id):
        job = await market.hub.run(queue_task(installed, new(market, LATER, installation_id=named)))
        assert (job.subject_id, job.organization_id) == (market.installation.id, market.publisher.id)
    with pytest.raises(NotFound):
        await market.hub.run(queue_task(installed, new(market, LATER, installation_id=elsewhere.id)))
    assert len(await waiting(market)) == 5


@both
async def test_others_may_not_queue(market, new_organization):
    stranger = await new_organization()
    lacking = market.caller(Permission.INTEGRATIONS_WRITE)
    another_app = market.caller(Permission.INTEGRATIONS_WRITE, integration_id=new_id())

    for caller in (lacking, another_app, market.caller(of=market.installer)):
        with pytest.raises(Forbidden):
            await market.hub.run(queue_task(caller, new(market, LATER)))
    with pytest.raises(NotFound):
        await market.run(queue_task, new(market, LATER), of=stranger)
    with pytest.raises(NotFound):
        await queue(market, LATER, installation_id=new_id())
    assert await waiting(market) == []


@both
async def test_tasks_are_told_in_the_order_in_which_they_are_due(market):
    places = [market.installation.id, None]
    jobs = [
        await queue(market, delay, task={"n": number}, installation_id=places[number % 2])
        for number, delay in enumerate([6, 2, 4, 1, 3, 5])
    ]

    await eventually(lambda: _are_told(market, len(jobs)))

    due = sorted(range(len(jobs)), key=lambda number: jobs[number].run_at)
    assert [event.payload["task"]["n"] for event in await told(market)] == due


@both
async def test_tasks_of_one_moment_are_told_one_at_a_time_in_the_order_of_their_queueing(market):
    jobs = [await queue(market, LATER, task={"n": number}) for number in range(20)]
    async with market.database.write() as session:
        own = col(Job.id).in_([job.id for job in jobs])
        await session.execute(update(Job).where(own).values(run_at=1))
    await queue(market, 0, task={"n": 20})

    await eventually(lambda: _are_told(market, 21))

    assert [event.payload["task"]["n"] for event in await told(market)] == list(range(21))


@both
async def test_uninstalling_drops_the_tasks_of_the_installation_alone(market, new_organization):
    elsewhere = await market.install(await new_organization())
    await queue(market, LATER, installation_id=market.installation.id)
    kept = [await queue(market, LATER, installation_id=elsewhere.id), await queue(market, LATER)]

    document = "mutation($id: ID!) { uninstallIntegration(installationId: $id) { __typename } }"
    await market.installer.client.query(document, id=market.installation.id)

    assert {job.id for job in await waiting(market)} == {job.id for job in kept}


@both
async def test_withdrawing_the_app_drops_them_all(market):
    await market.install(market.publisher)  # so the integration stays, with jobs that are not dropped
    for installation_id in (None, market.installation.id):
        await queue(market, LATER, installation_id=installation_id)

    document = "mutation($id: ID!) { unpublishIntegration(id: $id) { __typename } }"
    await market.publisher.client.query(document, id=market.app.id)

    assert await waiting(market) == []
    with pytest.raises((Conflict, NotFound)):
        await queue(market)


@both
async def test_a_task_of_an_installation_that_is_gone_is_not_told(market):
    await market.add(job := _planted(market, installation=new_id()))

    await eventually(lambda: _is_gone(market, job))

    assert await told(market) == []


async def _copy(market: Market, job: Job, times: int) -> None:
    """Plant copies of a waiting task by one statement."""
    names = [column.name for column in SQLModel.metadata.tables["job"].columns]
    names.remove("id")
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {times})"
    ids = "substr(:prefix || (1000000 + i), 1, 24)"
    copies = f"INSERT INTO job (id, {', '.join(names)}) {numbers} SELECT {ids}, {', '.join(names)} FROM job, n"
    async with market.database.write() as session:
        await session.execute(text(f"{copies} WHERE id = :id"), {"prefix": job.id[:17], "id": job.id})


def _planted(market: Market, installation: str | None, run_at: int = 1) -> Job:
    return Job(
        organization_id=market.publisher.id,
        queue="default",
        operation=TASK,
        caption="Task",
        payload={"installation": installation, "task": {}},
        subject_id=installation or market.app.id,
        integration_id=market.app.id,
        gate=market.app.id,
        lot=f"{market.publisher.id}/{market.app.id}/2147483648",
        run_at=run_at,
        max_attempts=5,
    )


async def _is_empty(market: Market) -> bool:
    return not await waiting(market)


async def _is_gone(market: Market, job: Job) -> bool:
    return not await market.rows(Job, col(Job.id) == job.id)


async def _are_told(market: Market, count: int) -> bool:
    return len(await told(market)) == count
