"""Kills of the hub's processes under load: what happened to acknowledged events. `python benches/webhooks_kills.py`.

A server and a worker are killed by SIGKILL at random times, each or both, and started again; callers go on to emit.
In the end every acknowledged event must have come to both webhooks, each under one `webhook-id`.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sqlite3
import tempfile
import threading
import time
from collections import Counter, defaultdict
from contextlib import ExitStack
from pathlib import Path

import asyncpg
from databases import databases
from webhooks_hub import Emitted, Hub, Receiver, Seen, emit

_PATHS = {"/plain": "NONE", "/ordered": "ENTITY"}
_UNFINISHED = "SELECT count(*) FROM delivery WHERE state <> 'SUCCEEDED'"
_EVENTS = "SELECT count(*) FROM event WHERE type = 'SHOP.SOLD'"
_SEQUENCES = "SELECT count(*), count(DISTINCT sequence), max(sequence), min(sequence) FROM event"


def main() -> None:
    """Kill and count; the last lines say what was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--rate", type=float, default=100.0, help="events a second")
    parser.add_argument("--settle", type=float, default=120.0, help="seconds for the last deliveries")
    parser.add_argument("--seed", type=int, default=time.time_ns())
    given = parser.parse_args()
    print("seed", given.seed)
    for kind in given.databases.split(","):
        with tempfile.TemporaryDirectory(prefix="patchbay-kills-") as name, ExitStack() as stack:
            _run(stack, kind, Path(name), given)


def _run(stack: ExitStack, kind: str, home: Path, given: argparse.Namespace) -> None:
    store = stack.enter_context(databases(kind, home))
    receiver = Receiver(stack, home)
    waits = ",".join(["1"] * 15)
    hub = Hub(stack, home / "hub", store.make("hub"), webhook_retry_seconds=waits, egress_per_host=200)
    hub.start(), hub.start("worker")
    shop = hub.organization("shop")
    for path, ordering in _PATHS.items():
        shop.webhook(path, receiver.url + path, ordering=ordering, concurrency=50)
    done, chance = Emitted(), random.Random(given.seed)
    thread = threading.Thread(target=lambda: asyncio.run(emit(shop, rate=given.rate, into=done)))
    thread.start()
    try:
        for _ in range(given.kills):
            time.sleep(chance.uniform(0.3, 5.0))
            names = chance.choice((("server",), ("worker",), ("server", "worker")))
            for name in names:
                hub.kill(name)
            for name in names:
                hub.start(name)
    except KeyboardInterrupt:
        print("interrupted; the report is of the kills so far")
    finally:
        done.stop = True
        thread.join()
    began = time.monotonic()
    for path in _PATHS:
        receiver.wait(path, done.at, given.settle)
    settled = time.monotonic() - began
    time.sleep(3)
    _report(kind, hub, receiver.seen(), done, settled)


def _report(kind: str, hub: Hub, seen: list[Seen], done: Emitted, settled: float) -> None:
    print(f"{kind}: {len(done.at)} acknowledged, {done.errors} unanswered calls, settled after {settled:.0f} s")
    for path in _PATHS:
        ids, orders = defaultdict(set), Counter()
        last: dict[str, int] = {}
        late = 0
        for one in seen:
            if one.path == path:
                late += one.number < last.get(one.entity, 0) and not ids[one.event]
                last[one.entity] = max(one.number, last.get(one.entity, 0))
                ids[one.event].add(one.message)
                orders[one.event] += 1
        lost = [event for event in done.at if event not in ids]
        print(
            f"  {path}: lost {len(lost)} {lost[:3]};"
            f" more than one webhook-id: {sum(len(some) > 1 for some in ids.values())};"
            f" repeats: {sum(orders.values()) - len(orders)} of {len(orders)}; first tries after a later one: {late}"
        )
    for query in (_UNFINISHED, _EVENTS, _SEQUENCES):
        print("  ", query, _rows(hub.database, query))


def _rows(url: str, query: str):
    if url.startswith("sqlite"):
        return sqlite3.connect(url.removeprefix("sqlite:///")).execute(query).fetchall()

    async def ask():
        connection = await asyncpg.connect(url)
        try:
            return [tuple(row) for row in await connection.fetch(query)]
        finally:
            await connection.close()

    return asyncio.run(ask())


if __name__ == "__main__":
    main()
