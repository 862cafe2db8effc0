"""A worker that is killed between a request and its record sends it again under the same id, and loses nothing."""

import asyncio
from dataclasses import replace

from jobs.transaction import enqueue_all
from models.database import Database
from models.secret import Keyring
from models.tables import Job
from models.vocabulary import WorkState
from resolvers.emission.addressing import delivery_job
from tests.harness.backends import both
from tests.harness.waiting import eventually
from tests.upstreams.canned import reply
from tests.upstreams.scripted import scripted
from tests.webhooks.courier import Courier
from tests.webhooks.records import new_records

KILLS = 3


@both
async def test_a_killed_worker_sends_again_under_the_same_id(installed):
    installed.settings = installed.settings | {"pace": '{"job_lease": 1}'}
    process = installed.start()
    seen, answered = [], asyncio.Event()

    async def kill_before_the_answer(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        seen.append(next(line for line in head.split("\r\n") if line.startswith("webhook-id: ")))
        if len(seen) % 2:
            process.kill()
            answered.set()
        writer.write(reply(b"", "text/plain", "200 OK", "Connection: close"))

    database = Database(str(installed.settings["database_url"]))
    records = await new_records(database, Keyring.parse(str(installed.settings["master_keys"])))
    async with scripted(kill_before_the_answer) as receiver:
        webhook = await records.webhook(receiver.url)
        for _ in range(KILLS):
            answered.clear()
            delivery = await _send(records, webhook)
            await asyncio.wait_for(answered.wait(), 60)
            await asyncio.to_thread(process.start)
            await eventually(lambda sent=delivery: _is_delivered(records, sent), 60)
            attempts = await records.attempts(delivery)

            assert seen[-2:] == [f"webhook-id: msg_{delivery.id}"] * 2
            assert [attempt.number for attempt in attempts] == [1]

    async with database.read() as session:
        left = await session.get(Job, delivery.id)
    await database.close()
    assert (len(seen), left) == (2 * KILLS, None)


async def _send(records, webhook):
    courier = Courier(hub=None, records=records)
    delivery = await courier.delivery(webhook)
    job = delivery_job(delivery.id, webhook, delivery, tries=8)
    async with records.database.write() as session:
        await enqueue_all(session, [replace(job, id=delivery.id)])
    return delivery


async def _is_delivered(records, delivery):
    return (await records.read(delivery)).state is WorkState.SUCCEEDED
