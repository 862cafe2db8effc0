"""Accepting events, with deliveries to 0, 1 and 10 webhooks, in one run: `python benches/events.py --help`."""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from databases import databases
from measured import command
from processes import HERE, Program, free_port
from subject import Round, Subject, run_round
from table import ratio

ROOT = HERE.parent
WEBHOOKS, EMITTERS = (0, 1, 10), (1, 32)
_WARM_SECONDS = 0.5
_PAYLOAD = {"order": "A-100", "lines": [{"sku": "A-200", "quantity": 3}], "note": "Leave it at the back door."}
_CREATE = """mutation { createIntegration(input: { name: "Shop", handler: "SHOP" }) {
  ... on IntegrationPayload { integration { id } } } }"""
_DECLARE = """mutation($id: ID!) { declareEventTypes(input: {
  integrationId: $id, eventTypes: [{ name: "SHOP.SOLD" }] }) { __typename } }"""
_EMIT = """mutation($payload: JSON) { emitEvent(input: { integration: { handler: "SHOP" }, type: "SOLD",
  entityId: "order 7", payload: $payload }) { __typename ... on EventPayload { event { id } } } }"""
Rounds = dict[str, list[Round]]


def main() -> None:
    """Measure and print. Ends every process that it started."""
    given = _arguments()
    with tempfile.TemporaryDirectory(prefix="patchbay-bench-", dir=given.directory) as name:
        for kind in given.databases.split(","):
            print(_table(kind, _measure(kind, Path(name), given)), flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--databases", default="sqlite,postgresql", help="which, with commas between")
    parser.add_argument("--rounds", type=int, default=3, help="of each subject, interleaved")
    parser.add_argument("--seconds", type=float, default=1.5, help="of each round")
    parser.add_argument("--against", type=Path, help="another checkout of the hub, measured without webhooks")
    parser.add_argument("--directory", type=Path, help="folder for the databases; choose the disk to measure")
    return parser.parse_args()


def _measure(kind: str, work: Path, given: argparse.Namespace) -> Rounds:
    home = work / kind
    home.mkdir()
    with ExitStack() as stack:
        store = stack.enter_context(databases(kind, home))
        checkouts = {"hub": (ROOT, WEBHOOKS)}
        if given.against:
            checkouts["before"] = (given.against.resolve(), (0,))
        subjects: list[Subject] = []
        for label, (root, webhooks) in checkouts.items():
            subjects += _start(stack, root, home / label, store.make(f"{label}_db"), label, webhooks)
        return _take_turns(subjects, given, store.pid)


def _take_turns(subjects: Sequence[Subject], given: argparse.Namespace, database_pid: int | None) -> Rounds:
    for subject in subjects:
        run_round(subject, _WARM_SECONDS, database_pid)
    rounds: Rounds = {subject.name: [] for subject in subjects}
    for number in range(given.rounds):
        for subject in subjects if number % 2 else reversed(subjects):  # drift affects all alike
            rounds[subject.name].append(run_round(subject, given.seconds, database_pid))
    return rounds


def _start(
    stack: ExitStack, root: Path, home: Path, database: str, label: str, webhooks: Sequence[int]
) -> Iterator[Subject]:
    """Serve a checkout without a worker: deliveries are made and wait. Each number of webhooks is an organization."""
    port = free_port()
    home.mkdir()
    settings = {"home": home, "port": port, "database_url": database, "log_level": "warning", "worker": "false"}
    command(root, settings, "init")
    command(root, settings, "migrate")
    tokens = {}
    for count in webhooks:
        command(root, settings, "org", "create", f"Bench {count}", "--slug", f"bench-{count}")
        tokens[count] = command(root, settings, "token", "create", f"bench-{count}").strip()
    program = Program(label, "server.py", log=home, cwd=root, settings=settings)
    stack.callback(program.end)
    program.wait_until_it_listens(port)
    for count, token in tokens.items():
        yield from _subjects(f"http://127.0.0.1:{port}", token, label, count, program.pid, database)


def _subjects(url: str, token: str, label: str, count: int, pid: int, database: str) -> Iterator[Subject]:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    made = _ask(url, headers, _CREATE)["createIntegration"]["integration"]["id"]
    _ask(url, headers, _DECLARE, id=made)
    asyncio.run(_add_webhooks(database, f"bench-{count}", count))
    faces = {
        "GraphQL": ("/graphql", {"query": _EMIT, "variables": {"payload": _PAYLOAD}}, '"EventPayload"'),
        "REST": (
            "/donutwork/2026-02-01/integrations/SHOP/events/SHOP.SOLD/emit.json",
            {"metadata": _PAYLOAD, "entity_id": "order 7"},
            '"success":true',
        ),
    }
    for face, (path, body, marker) in faces.items():
        for emitters in EMITTERS:
            yield Subject(
                name=f"{label}, {face}, {count} webhooks, {emitters} at once",
                url=url + path,
                headers=headers,
                body=json.dumps(body),
                marker=marker,
                pid=pid,
                database=database,
                connections=emitters,
            )


async def _add_webhooks(url: str, slug: str, count: int) -> None:
    """Straight in the database, since only addresses that the egress policy allows can be given over the API."""
    if not count:
        return
    sys.path.insert(0, str(ROOT))
    from sqlalchemy import text

    from models.database import Database
    from models.tables import Webhook

    database = Database(url)
    async with database.write() as session:
        found = await session.execute(text("SELECT id FROM organization WHERE slug = :slug"), {"slug": slug})
        organization_id = found.scalar_one()
        for number in range(count):
            facts = {"name": f"W{number}", "url": "https://w.example/", "secrets": b""}
            session.add(Webhook(organization_id=organization_id, **facts))
    await database.close()


def _ask(url: str, headers: dict[str, str], query: str, **variables: Any) -> Any:
    body = json.dumps({"query": query, "variables": variables}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{url}/graphql", body, headers), timeout=10) as response:
        return json.load(response)["data"]


def _table(kind: str, rounds: Rounds) -> str:
    """A Markdown table. CPU in µs an event, latencies in ms; `of before`: the ratio to the other checkout."""
    heads = ("", "events/s", "CPU µs", "db CPU µs", "p50 ms", "p99 ms", "CPU, of before", "events/s, of before")
    lines = [f"\n### {kind}\n", f"| {' | '.join(heads)} |", "|---|--:|--:|--:|--:|--:|--:|--:|"]
    for name, some in rounds.items():
        figures = [
            f"{statistics.median(getattr(one, field) for one in some):.{digits}f}"
            for field, digits in (("per_second", 0), ("cpu", 0), ("database_cpu", 0), ("p50_ms", 1), ("p99_ms", 1))
        ]
        before = rounds.get(name.replace("hub,", "before,"), [])
        ratios = [ratio(some, before, _cpu), ratio(some, before, _rate)] if before else ["", ""]
        lines.append(f"| {' | '.join([name, *figures, *ratios])} |")
    return "\n".join(lines)


def _cpu(one: Round) -> float:
    return one.cpu


def _rate(one: Round) -> float:
    return one.per_second


if __name__ == "__main__":
    main()
