"""An external id that one process has written is found by the next call at another one."""

from contextlib import AsyncExitStack

import httpx

from tests.gitbook.conftest import BASE
from tests.harness.backends import both
from tests.harness.server import PLAIN_HTTP

TURNS = 50
PUBLISH = """mutation { publishIntegration(
  input: {name: "shop-app", title: "Shop", description: "", scopes: []}) { __typename } }"""
ORGANIZATION = "{ viewer { organization { databaseId } } }"
APP = f"{BASE}/integrations/shop-app/installations"


@both
async def test_an_external_id_is_found_at_once_at_another_process(installed):
    first = installed.start()
    await installed.found()
    second = installed.start()
    found = []
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(installed.client(first))
        await client.query(PUBLISH)
        organization = (await client.query(ORGANIZATION))["viewer"]["organization"]["databaseId"]
        headers = {"Authorization": f"Bearer {installed.token}"}
        here, there = [
            await stack.enter_async_context(
                httpx.AsyncClient(base_url=process.url, headers=headers, timeout=60, **PLAIN_HTTP)
            )
            for process in (first, second)
        ]
        made = (await here.post(APP, json={"organization": organization})).raise_for_status().json()

        for turn in range(TURNS):
            written = await here.patch(f"{APP}/{made['id']}", json={"externalIds": [f"team-{turn}"]})
            now = await there.get(APP, params={"externalId": f"team-{turn}"})
            before = await there.get(APP, params={"externalId": f"team-{turn - 1}"})
            assert written.status_code == now.status_code == before.status_code == 200
            found.append(([one["id"] for one in now.json()["items"]], before.json()["items"]))
            here, there = there, here

    assert found == [([made["id"]], [])] * TURNS
