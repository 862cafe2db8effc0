"""Deliveries of events: delays, CPU, delays while others fail or wait. `python benches/webhooks.py --help`.

A server without jobs, a worker and a receiver are processes of their own. The delay of a delivery is the time from
the answer to the emitter until the first request is at the receiver. Delays with and without a burden are taken one
after the other in one run; only their ratios count.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import uvloop
from databases import databases
from processes import cpu_seconds, free_port
from webhooks_hub import PAYLOAD, ROOT, Emitted, Hub, Organization, Receiver, emit

_REPLAY = """mutation($webhook: ID!) { answer: replayDeliveries(
  input: { what: { missing: { webhookId: $webhook } } }) {
  __typename ... on ReplayPayload { count more } ... on Problem { message } } }"""


@dataclass
class Bench:
    """What the scenarios share."""

    kind: str
    hub: Hub
    receiver: Receiver
    database_pid: int | None
    seconds: float
    backlog: int

    def say(self, *words: object) -> None:
        """A line of the result."""
        print(f"{self.kind}:", *words, flush=True)

    def live(self, rate: float, *where: tuple[Organization, str]) -> list[list[float]]:
        """Emit to all at the rate at once. The sorted delays at each path, in ms; of a lost one an hour."""
        loads = [(one, path, Emitted()) for one, path in where]

        async def run():
            await asyncio.gather(*(emit(one, rate=rate, seconds=self.seconds, into=into) for one, _, into in loads))

        asyncio.run(run())
        delays = []
        for _, path, done in loads:
            if done.errors:
                self.say(f"{done.errors} events were not accepted: {done.fault}")
            self.say(f"{path}: accepting took {_figures(sorted(took * 1000 for took in done.took))}")
            first: dict[str, float] = {}
            for one in self.receiver.wait(path, done.at, 45):
                if one.path == path:
                    first.setdefault(one.event, one.at)
            delays.append(sorted((first.get(event, at + 3600) - at) * 1000 for event, at in done.at.items()))
        return delays


def main() -> None:
    """Run the scenarios on each database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--scenarios", default="delays,cpu,dead,backlog,replayed")
    parser.add_argument("--seconds", type=float, default=8.0, help="of each measured stretch")
    parser.add_argument("--backlog", type=int, default=100_000, help="deliveries that wait, or that are replayed")
    given = parser.parse_args()
    for kind in given.databases.split(","):
        with tempfile.TemporaryDirectory(prefix="patchbay-webhooks-") as name, ExitStack() as stack:
            store = stack.enter_context(databases(kind, Path(name)))
            receiver = Receiver(stack, Path(name))
            hub = Hub(stack, Path(name) / "hub", store.make("hub"), worker="false")
            hub.start(), hub.start("worker")
            bench = Bench(kind, hub, receiver, store.pid, given.seconds, given.backlog)
            for scenario in given.scenarios.split(","):
                globals()[scenario](bench)


def delays(bench: Bench) -> None:
    """Two rates, and the worker's CPU beside that of a plain client."""
    one = bench.hub.organization("delays")
    one.webhook("w", f"{bench.receiver.url}/delays", concurrency=50)
    bench.live(50, (one, "/delays"))  # widens the gate
    for rate in (20, 200):
        (some,) = bench.live(rate, (one, "/delays"))
        bench.say(f"{rate}/s: {_figures(some)}")


def cpu(bench: Bench) -> None:
    """The worker's CPU while it delivers what waits, beside that of a plain client."""
    one, count = bench.hub.organization("cpu"), max(bench.backlog // 20, 200)
    webhook = one.webhook("w", f"{bench.receiver.url}/cpu", concurrency=50)
    bench.live(50, (one, "/cpu"))  # widens the gate
    for _ in range(3):
        plain = uvloop.run(_plain(f"{bench.receiver.url}/plain", 1000))
        done, began = sum(seen.path == "/cpu" for seen in bench.receiver.seen()), time.monotonic()
        pids = (bench.hub.programs["worker"].pid, bench.database_pid)
        before = [cpu_seconds(pid) for pid in pids]
        seed(bench, "cpu", one, count, "SHOP.SOLD")
        while sum(seen.path == "/cpu" for seen in bench.receiver.seen()) < done + count:
            time.sleep(0.2)
        took = time.monotonic() - began
        spent = [(cpu_seconds(pid) - at) / count * 1e6 for pid, at in zip(pids, before, strict=True)]
        bench.say(
            f"{count} deliveries to {webhook} in {took:.0f} s; worker's CPU {spent[0]:.0f} µs each, plain client"
            f" {plain:.0f} µs, ratio {spent[0] / plain:.1f}; database's CPU with accepting {spent[1]:.0f} µs"
        )


def dead(bench: Bench) -> None:
    """Endpoints of the same organization that refuse and that never answer."""
    one, other = bench.hub.organization("dead"), bench.hub.organization("beside-dead")
    where = ((one, "/same"), (other, "/other"))
    for organization, path in where:
        organization.webhook("healthy", bench.receiver.url + path)
    one.webhook("refuses", f"http://127.0.0.1:{free_port()}/", pattern="SHOP.LOST")
    one.webhook("silent", f"{bench.receiver.url}/silent", pattern="SHOP.LOST", timeoutSeconds=30, concurrency=100)
    bench.live(20, *where)
    without = bench.live(20, *where)
    seed(bench, "dead", one, bench.backlog // 10, "SHOP.LOST")
    time.sleep(2)
    during = bench.live(20, *where)
    for name in ("refuses", "silent"):
        one.disable(name)
    without = [sorted(both) for both in map(list.__add__, without, bench.live(20, *where))]
    _compare(bench, f"{bench.backlog // 10} events to two dead endpoints", where, without, during)


def backlog(bench: Bench) -> None:
    """Another organization has very much to do at ten slow endpoints, which then fall silent all at once."""
    one, other = bench.hub.organization("backlog"), bench.hub.organization("beside-backlog")
    where = ((other, "/beside"),)
    other.webhook("healthy", f"{bench.receiver.url}/beside")
    bench.live(20, *where)
    without = bench.live(20, *where)
    for number in range(10):
        path = f"{bench.receiver.url}/slow/mute/{number}"
        one.webhook(f"w{number}", path, pattern="SHOP.LOST", concurrency=20, timeoutSeconds=30)
    seed(bench, "backlog", one, bench.backlog // 10, "SHOP.LOST")
    time.sleep(3)
    _compare(bench, f"{bench.backlog} waiting elsewhere", where, without, bench.live(20, *where))
    mute = bench.receiver.file.with_suffix(".mute")
    mute.touch()
    time.sleep(2)
    _compare(bench, "and those in flight hang", where, without, bench.live(20, *where))
    mute.unlink()


def replayed(bench: Bench) -> None:
    """A replay at an endpoint that gets live events too, and another organization's."""
    one, other = bench.hub.organization("replayed"), bench.hub.organization("beside-replayed")
    seed(bench, "replayed", one, bench.backlog // 5, "SHOP.SOLD")
    where = ((one, "/replayed"), (other, "/beside-replayed"))
    for organization, path in where:
        organization.webhook("w", bench.receiver.url + path)
    bench.live(20, *where)
    without = bench.live(20, *where)
    answer = one.ask(_REPLAY, webhook=one.webhooks["w"])
    time.sleep(2)
    during = bench.live(20, *where)
    done = sum(seen.path == "/replayed" for seen in bench.receiver.seen())
    _compare(bench, f"a replay of {bench.backlog // 5} ({answer}), {done} requests so far", where, without, during)


def seed(bench: Bench, slug: str, organization: Organization, count: int, type: str) -> None:
    """Accept events by the hub's own function, in large transactions."""
    began = time.monotonic()
    asyncio.run(_seed(bench.hub.database, slug, organization, count, type))
    bench.say(f"seeded {count} events in {time.monotonic() - began:.0f} s")


async def _seed(url: str, slug: str, organization: Organization, count: int, type: str) -> None:
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    from sqlalchemy import text

    from models.database import Database
    from models.row import now_ms
    from models.vocabulary import Source
    from resolvers.emission.accept import accept
    from resolvers.emission.draft import Draft

    database = Database(url)
    for start in range(0, count, 500):
        async with database.write() as session:
            found = await session.execute(text("SELECT id FROM organization WHERE slug = :slug"), {"slug": slug})
            facts = {"organization_id": found.scalar_one(), "integration_id": organization.integration_id}
            facts["source"] = Source.GRAPHQL
            drafts = [
                Draft(type=type, entity_id=f"o {n}", data=PAYLOAD, created_at=now_ms(), **facts)
                for n in range(start, min(start + 500, count))
            ]
            await accept(session, drafts, tries=8)
    await database.close()


async def _plain(url: str, count: int) -> float:
    """The CPU of a signed request, in µs, by aiohttp alone in this process, ten at once."""
    import base64
    import hashlib
    import hmac
    import json

    body = json.dumps({"id": "0" * 24, "entityId": "order 7", "entitySequence": 1, "data": PAYLOAD}).encode()
    began = time.process_time()
    async with aiohttp.ClientSession() as session:

        async def some() -> None:
            for number in range(count // 10):
                signed = hmac.digest(b"k" * 32, f"msg_{number}.{int(time.time())}.".encode() + body, hashlib.sha256)
                headers = {"webhook-id": f"msg_{number}", "webhook-signature": base64.b64encode(signed).decode()}
                async with session.post(url, data=body, headers=headers) as response:
                    await response.read()

        await asyncio.gather(*(some() for _ in range(10)))
    return (time.process_time() - began) / count * 1e6


def _compare(bench: Bench, burden: str, where, without, during) -> None:
    for (_, path), alone, burdened in zip(where, without, during, strict=True):
        ratios = ", ".join(f"{_at(burdened, share) / max(_at(alone, share), 0.1):.2f}" for share in (0.5, 0.99))
        bench.say(f"{path} alone: {_figures(alone)}; with {burden}: {_figures(burdened)}; ratios {ratios}")


def _figures(some: list[float]) -> str:
    return f"p50 {_at(some, 0.5):.0f}, p99 {_at(some, 0.99):.0f}, worst {some[-1]:.0f} ms of {len(some)}"


def _at(some: list[float], share: float) -> float:
    return some[min(int(len(some) * share), len(some) - 1)]


if __name__ == "__main__":
    main()
