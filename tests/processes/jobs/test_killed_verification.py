"""A verification that dies with its process, again and again, is taken up and ends: none goes on for ever."""

import asyncio

from models.database import Database
from models.tables import Integration, Job
from models.vocabulary import IntegrationState, WorkState
from tests.definitions.conftest import save
from tests.harness.acting import act
from tests.harness.backends import both
from tests.harness.waiting import eventually
from tests.upstreams.canned import reply
from tests.upstreams.scripted import scripted

KILLS = 3
VERIFY = """mutation($id: ID!) { verifyIntegration(id: $id) {
  ... on JobPayload { job { databaseId } } ... on Problem { message } } }"""


@both
async def test_a_verification_that_is_killed_in_the_middle_ends_live(installed):
    installed.settings = installed.settings | {"pace": '{"job_lease": 1}'}
    process = installed.start()
    await installed.found()
    asked, killed = [], asyncio.Event()

    async def kill_before_the_answer(reader, writer):
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        if len(asked) <= KILLS:
            process.kill()
            killed.set()
        writer.write(reply(b'{"ok": true}', "application/json", "200 OK", "Connection: close"))

    database = Database(str(installed.settings["database_url"]))
    async with scripted(kill_before_the_answer) as vendor:
        async with installed.client(process) as client:
            made = await _integration(client, vendor.url)
            begun = (await client.query(VERIFY, id=made["id"]))["verifyIntegration"]["job"]["databaseId"]
        under_way = []
        for _ in range(KILLS):
            await asyncio.wait_for(killed.wait(), 60)
            killed.clear()
            under_way.append((await _row(database, Integration, made["databaseId"])).state)
            await asyncio.to_thread(process.start)
        await eventually(lambda: _has_ended(database, begun), 90)

    job, integration = await _row(database, Job, begun), await _row(database, Integration, made["databaseId"])
    await database.close()
    assert under_way == [IntegrationState.VERIFYING] * KILLS
    assert (job.state, integration.state, integration.state_error) == (
        WorkState.SUCCEEDED,
        IntegrationState.LIVE,
        None,
    )
    assert len(asked) == KILLS + 1


async def _integration(client, url):
    definition = {
        "name": "Vendor",
        "category": "storage",
        "auth": {"type": "BEARER", "apiBaseUrl": url},
        "verification": {"request": {"path": "/me"}, "expect": {"when": "ok"}},
    }
    assert "id" in await save(client, "vendor", definition)
    given = {"name": "Shop", "vendor": "vendor", "secret": {"bearerToken": "a-token-of-the-vendor"}}
    return await act(client, "createIntegration", given, "id databaseId")


async def _has_ended(database, job_id):
    return (await _row(database, Job, job_id)).state not in (WorkState.QUEUED, WorkState.RUNNING)


async def _row(database, model, row_id):
    async with database.read() as session:
        return await session.get_one(model, row_id)
