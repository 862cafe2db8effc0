"""A hub that is killed again and again loses no task that it has acknowledged, and tells none twice."""

import asyncio
from collections import Counter

import httpx
from sqlalchemy import select
from sqlmodel import col

from models.database import Database
from models.tables import Event, Job
from models.vocabulary import HubEvent
from resolvers.tasks import TASK
from tests.harness.backends import both
from tests.harness.waiting import eventually

KILLS, TASKS = 3, 8
PUBLISH = """mutation { publishIntegration(
  input: {name: "shop-app", title: "Shop", description: "", scopes: []}) { __typename } }"""
QUEUE = """mutation($n: JSON!) { queueTask(
  input: {app: {publishedName: "shop-app"}, task: $n, delaySeconds: 0.5}) { __typename } }"""


@both
async def test_no_acknowledged_task_is_lost_or_told_twice_by_a_hub_that_is_killed(installed):
    installed.settings = installed.settings | {"pace": '{"job_lease": 1}'}
    process = installed.start()
    await installed.found()
    database = Database(str(installed.settings["database_url"]))
    async with installed.client(process) as client:
        assert (await client.query(PUBLISH))["publishIntegration"]["__typename"] == "PublishPayload"

    acknowledged = set()
    for kill in range(KILLS):
        before = len(await _told(database))
        queueing = asyncio.create_task(_queue(installed, process, kill, acknowledged))
        await eventually(lambda before=before: _more(database, before), 60)
        process.kill()
        await queueing
        await asyncio.to_thread(process.start)
    await eventually(lambda: _is_empty(database), 90)

    told = Counter(event.payload["task"]["n"] for event in await _told(database))
    await database.close()
    assert len(acknowledged) >= KILLS
    assert acknowledged <= set(told)
    assert set(told.values()) == {1}


async def _queue(installed, process, kill, acknowledged):
    """Queue until the hub dies; only tasks whose answer came are acknowledged."""
    async with installed.client(process) as client:
        for number in range(kill * 1000, kill * 1000 + 1000):
            try:
                answer = await client.query(QUEUE, n={"n": number})
            except httpx.HTTPError:
                return
            if answer["queueTask"]["__typename"] == "JobPayload":
                acknowledged.add(number)


async def _told(database):
    async with database.read() as session:
        found = await session.execute(select(Event).where(col(Event.type) == HubEvent.TASK_DUE))
        return list(found.scalars())


async def _more(database, before):
    return len(await _told(database)) >= before + TASKS


async def _is_empty(database):
    async with database.read() as session:
        waiting = select(col(Job.id)).where(col(Job.operation) == TASK).limit(1)
        return (await session.execute(waiting)).first() is None
