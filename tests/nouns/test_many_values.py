"""Declarations and readings of very many values: others are served meanwhile."""

from __future__ import annotations

import asyncio
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from resolvers.faults import Faults
from tests.harness.acting import act
from tests.harness.backends import both
from tests.harness.calling import app, capability, given
from tests.harness.stalls import Stalls
from tests.harness.statements import counted

BASE = "https://api.example.com"
BASED = {"apiBaseUrl": BASE}
#: Of CPU. A turn takes 20 ms and somewhat more; a whole declaration or reading ten times as long.
LONGEST_SECONDS = 0.12
_number = itertools.count()


def capabilities(count: int, inputs: int) -> list[dict[str, Any]]:
    fresh = next(_number)
    names = [given(f"a{fresh}_{number}", required=True) for number in range(inputs)]
    return [capability(f"C{number}", "POST", "/", *names) for number in range(count)]


@pytest.fixture
async def shop(organization):
    return await app(organization.client, BASE, name="Shop")


@both
async def test_500_capabilities_of_10_inputs_are_declared_and_read_in_short_turns(hub, shop):
    for _ in range(2):  # new ones, then changed ones
        async with Watched(hub) as stalls:
            made = {"integrationId": shop.id, "capabilities": capabilities(500, 10)}
            await act(shop.client, "declareCapabilities", made, "id capabilities { totalCount }")
        assert stalls.longest < LONGEST_SECONDS

    read = "{ capabilities(first: 100) { nodes { inputs { name type location required description } } } }"
    async with Watched(hub) as stalls:
        answer = await shop.client.query(read)
    assert stalls.longest < LONGEST_SECONDS
    assert sum(len(one["inputs"]) for one in answer["capabilities"]["nodes"]) == 1_000

    async with Watched(hub) as stalls:
        await act(shop.client, "declareCapabilities", {"integrationId": shop.id, "capabilities": []})
    assert stalls.longest < LONGEST_SECONDS


class Held(ThreadPoolExecutor):
    """Threads that begin nothing until they are let go. `asked`: that there is something to begin."""

    def __init__(self) -> None:
        super().__init__(thread_name_prefix="held")
        self.asked, self.go = threading.Event(), threading.Event()

    def submit(self, call, *args, **named):
        self.asked.set()
        return super().submit(lambda: call(*args, **named) if self.go.wait(20) else None)


@pytest.fixture
async def held(hub):
    """The threads of the hub's event loop."""
    threads = Held()
    await hub.run(_use(threads))
    yield threads
    threads.go.set()
    await hub.run(_use(ThreadPoolExecutor()))


async def _use(threads: ThreadPoolExecutor) -> None:
    asyncio.get_running_loop().set_default_executor(threads)


@both
@pytest.mark.parametrize("field", ["declareCapabilities", "createIntegration"])
async def test_others_write_while_a_manifest_is_judged(shop, new_organization, held, field):
    other = (await new_organization()).client
    given = {"declareCapabilities": {"integrationId": shop.id}, "createIntegration": {"name": "Other", "auth": BASED}}
    manifest = {"capabilities": [{"name": "A", "method": "GET", "endpoint": "/a"}]}
    declaring = asyncio.create_task(act(shop.client, field, given[field] | manifest))
    assert await asyncio.to_thread(held.asked.wait, 20)

    await other.query('mutation { createPlace(input: {kind: SITE, name: "Theirs"}) { __typename } }')

    before = await shop.client.query("{ capabilities { totalCount } }")
    held.go.set()
    await declaring
    after = await shop.client.query("{ capabilities { totalCount } }")
    assert (before["capabilities"], after["capabilities"]) == ({"totalCount": 0}, {"totalCount": 1})


@both
async def test_pages_of_many_rows_are_read_in_several_batches(hub, organization):
    for number in range(12):
        await act(organization.client, "createIntegration", {"name": f"App {number}"})
    query = "query($n: Int) { integrations { nodes { capabilities(first: $n) { nodes { id } } } } }"

    with counted(hub.app.state.hub.database) as statements:
        await organization.client.query(query, n=100)
    with counted(hub.app.state.hub.database) as fewer:
        await organization.client.query(query, n=50)

    assert [len([each for each in sent if "edge_number" in each]) for sent in (statements, fewer)] == [2, 1]


def test_at_most_a_thousand_faults_are_told():
    faults = Faults()

    for number in range(1_001):
        faults.add(str(number), "Wrong.")

    assert len(faults.found) == 1_000


class Watched:
    """`async with Watched(hub) as stalls`: the stalls of the hub's event loop meanwhile."""

    def __init__(self, hub) -> None:
        self._hub = hub

    async def __aenter__(self) -> Stalls:
        self._stalls = Stalls()
        await self._hub.run(self._stalls.__aenter__())
        return self._stalls

    async def __aexit__(self, *_: object) -> None:
        await self._hub.run(self._stalls.__aexit__())
