"""Records per second of a run of two steps, beside bare dispatches in one process: see `--help`."""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import resource
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from databases import databases
from processes import HERE, free_port

sys.path.insert(0, str(HERE.parent))
from hub.wiring import build_hub
from jobs.queues import FLOWS
from jobs.worker import Worker
from models.database import Database
from models.migrations import upgrade
from models.secret import Keyring
from models.vocabulary import Source
from resolvers.authenticate import caller_of_user
from resolvers.background import kinds
from resolvers.dispatching.build import RunCapability
from resolvers.dispatching.mutations import dispatch
from resolvers.runs.background import BACKGROUND
from settings import Settings
from tests.harness.waiting import eventually
from tests.runs.plant import new_plant
from tests.runs.shop import Answer, open_shop

_SIDE_BY_SIDE = 8


def main() -> None:
    """Measure and print. Ends every process that it started."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--databases", default="sqlite,postgresql", help="which, with commas between")
    parser.add_argument("--records", type=int, default=5_000, help="of the run; half as many bare dispatches")
    parser.add_argument("--page", type=int, default=1_000, help="records of a page")
    given = parser.parse_args()
    port = free_port()
    upstream = multiprocessing.get_context("spawn").Process(target=_serve, args=(port, given.records, given.page))
    upstream.start()
    try:
        with tempfile.TemporaryDirectory(prefix="patchbay-bench-") as name:
            for kind in given.databases.split(","):
                home = Path(name) / kind
                home.mkdir()
                with ExitStack() as stack:
                    url = stack.enter_context(databases(kind, home)).make("flows")
                    asyncio.run(_measure(kind, url, home, f"http://127.0.0.1:{port}", given))
    finally:
        upstream.terminate()


async def _measure(kind: str, url: str, home: Path, upstream: str, given: argparse.Namespace) -> None:
    database = Database(url)
    await upgrade(database)
    await database.close()
    keys = Keyring.generate(1)
    settings = Settings(home=home, database_url=url, master_keys=keys, egress_allow="127.0.0.0/8", worker=False)
    hub = build_hub(settings)
    async with hub.egress:
        plant = await new_plant(hub, upstream)
        imports = await plant.imports()
        bare = await _bare(plant, imports.capability_id, given.records // 2)
        flow = await plant.flow(await plant.source(), imports)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.monotonic()
        run = await plant.run(flow)
        worker = Worker(hub.database, kinds(hub, BACKGROUND), hub.bus, queue=FLOWS, concurrency=4)
        async with worker.running():
            await eventually(lambda: _has_ended(plant, run), 600)
        seconds = time.monotonic() - began
        ended = await plant.of(run)
        more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    await hub.recorder.close()
    hub.expressions.close()
    await hub.database.close()
    rate = ended.read_count / seconds
    print(f"{kind}: {ended.state}, {ended.written_count} of {ended.read_count} records written")
    ratio = rate / bare
    print(f"  bare {bare:.0f}/s, records {rate:.0f}/s, {ratio:.2f} of it; peak memory +{more:.0f} MB")


async def _has_ended(plant, run) -> bool:
    await asyncio.sleep(0.2)
    return (await plant.of(run)).finished_at is not None


async def _bare(plant, capability_id: str, count: int) -> float:
    """Dispatches per second, as many at a time as a run makes."""
    left = iter(range(count))

    async def one_after_the_other() -> None:
        for number in left:
            caller = caller_of_user(plant.hub, plant.user, source=Source.GRAPHQL)
            await dispatch(caller, RunCapability(capability=capability_id, inputs={"id": number, "name": "bare"}))

    began = time.monotonic()
    await asyncio.gather(*(one_after_the_other() for _ in range(_SIDE_BY_SIDE)))
    return count / (time.monotonic() - began)


def _serve(port: int, records: int, page: int) -> None:
    asyncio.run(_shop(port, records, page))


async def _shop(port: int, records: int, page: int) -> None:
    async with open_shop(port=port) as shop:

        def answer(asked):
            shop.asked.clear()
            if asked.path == "/orders":
                return Answer(body={"id": "order"}, status=201)
            first = int(asked.query.get("page", 0)) * page
            numbers = range(first, min(first + page, records))
            return Answer(body={"data": [{"id": number, "name": f"record {number}"} for number in numbers]})

        shop.answer = answer
        await asyncio.Event().wait()


if __name__ == "__main__":
    main()
