"""A million events and deliveries: the first page of each filter over HTTP. `python benches/webhooks_kept.py`.

The rows are inserted in SQL. Of each filter one value is that of nearly all rows, and one is that of ten rows: the
oldest ones, or the newest. Prints the CPU of server and database in ms a page, which
other work on the machine does not change, the quickest and the slowest of four.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from databases import databases
from processes import cpu_seconds
from webhooks_hub import Hub, Organization

_TIMES = 4
_ORIGIN = 1_788_000_000  # a second in 2026
#: Of rows numbered by n from 1; the ten oldest, and a few in between, differ from all others.
_EVENTS = """INSERT INTO event (id, created_at, organization_id, integration_id, type, entity_id, sequence,
 entity_sequence, body, source, app_visible, correlation_id, depth)
SELECT {id}, {created}, '{organization}', CASE WHEN n <= 10 THEN '{rare}' ELSE '{integration}' END,
 CASE WHEN n <= 10 THEN 'SHOP.LOST' ELSE 'SHOP.T' || (n % 40) END,
 CASE WHEN n <= 10 THEN 'needle' ELSE 'order ' || (n % 5) END, 1000000 + n, n, '{body}', 'GRAPHQL',
 {false}, {id}, 0 FROM {numbers}"""
_DELIVERIES = """INSERT INTO delivery (id, created_at, organization_id, webhook_id, event_id, integration_id,
 event_type, entity_id, sequence, unjudged, correlation_id, state, attempt_count, external_status,
 status_class, failure)
SELECT {id}, {created}, '{organization}',
 CASE WHEN n <= 10 THEN '{few}' WHEN n % 10 = 1 THEN '{held}' ELSE '{webhook}' END, {id}, '{integration}',
 CASE WHEN n <= 10 THEN 'SHOP.LOST' ELSE 'SHOP.T' || (n % 40) END,
 CASE WHEN n <= 10 THEN 'needle' ELSE 'order ' || (n % 5) END, 1000000 + n, {false}, {id},
 CASE WHEN n <= 10 THEN 'FAILED' WHEN n % 10 = 1 THEN 'QUEUED' WHEN n % 10 = 2 THEN 'FAILED' ELSE 'SUCCEEDED' END, 1,
 CASE WHEN n % 10 = 1 THEN NULL WHEN n % 10 = 2 THEN 404 ELSE 204 END,
 CASE WHEN n <= 10 THEN 5 WHEN n % 10 = 1 THEN NULL WHEN n % 10 = 2 THEN 4 ELSE 2 END,
 CASE WHEN n <= 10 THEN 'TIMEOUT' WHEN n % 10 = 2 THEN 'ERROR_STATUS' END FROM {numbers}"""
_PARTS = {
    "sqlite": {
        "numbers": "(WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n < {last})"
        " SELECT n FROM s)",
        "id": "printf('%08x%016x', {origin} + n, n)",
        "false": "0",
    },
    "postgresql": {
        "numbers": "generate_series({first}, {last}) AS n",
        "id": "lpad(to_hex({origin} + n), 8, '0') || lpad(to_hex(n), 16, '0')",
        "false": "FALSE",
    },
}
_PAGE = "query($filter: {kind}Filter) {{ answer: {field}(first: 50, filter: $filter) {{ nodes {{ id }} }} }}"
_BACK = "query($filter: {kind}Filter) {{ answer: {field}(last: 50, filter: $filter) {{ nodes {{ id }} }} }}"


@dataclass(frozen=True)
class Asked:
    """An organization's face, and the processes that work for it."""

    shop: Organization
    pids: tuple[int | None, ...]

    def cpu(self) -> float:
        """Seconds so far."""
        return sum(cpu_seconds(pid) for pid in self.pids)


def main() -> None:
    """Insert, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--rows", type=int, default=1_000_000)
    given = parser.parse_args()
    for kind in given.databases.split(","):
        with tempfile.TemporaryDirectory(prefix="patchbay-kept-") as name, ExitStack() as stack:
            store = stack.enter_context(databases(kind, Path(name)))
            hub = Hub(stack, Path(name) / "hub", store.make("hub"), worker="false")
            hub.start()
            _measure(kind, hub, given.rows, store.pid)


def _measure(kind: str, hub: Hub, rows: int, database: int | None) -> None:
    shop = hub.organization("shop")
    rare = _rare(shop)
    ids = {name: shop.webhook(name, f"http://127.0.0.1:8999/{name}") for name in ("webhook", "few", "held")}
    shop.disable("held")
    organization = _run(kind, hub.database, "SELECT id FROM organization WHERE slug = 'shop'")[0][0]
    facts = {"organization": organization, "integration": shop.integration_id, "rare": rare[0], **ids}
    began = time.monotonic()
    facts |= {"body": json.dumps({"data": {"order": "A-100"}}), "created": f"(CAST({_ORIGIN} AS BIGINT) + n) * 1000"}
    for first in range(1, rows + 1, 100_000):
        parts = {name: text.format(origin=_ORIGIN, first=first, last=min(first + 99_999, rows))
                 for name, text in _PARTS[kind].items()}  # fmt: skip
        for statement in (_EVENTS, _DELIVERIES):
            _run(kind, hub.database, statement.format(**facts, **parts))
    if kind == "postgresql":
        _run(kind, hub.database, "ANALYZE")
    print(f"{kind}: {rows} events and deliveries inserted in {time.monotonic() - began:.0f} s", flush=True)
    asked = Asked(shop, (hub.programs["server"].pid, database))
    for field, kind_name, filters in (
        ("events", "Event", _events(shop, rare[1], rows)),
        ("deliveries", "Delivery", _deliveries(shop, rows)),
    ):
        for given in filters:
            for way, query in (("first", _PAGE), ("last", _BACK)):
                _ask(asked, way, field, query.format(kind=kind_name, field=field), given)


def _ask(asked: Asked, way: str, field: str, query: str, given: dict[str, object]) -> None:
    took, found, before = [], 0, asked.cpu()
    for _ in range(_TIMES):
        begun = time.monotonic()
        try:
            found = len(asked.shop.ask(query, filter=given)["nodes"])
        except (RuntimeError, OSError, TypeError) as error:
            print(f"  FAULT {field} {way} {given}: {time.monotonic() - begun:.1f} s {str(error)[:300]}", flush=True)
            return
        took.append((time.monotonic() - begun) * 1000)
    cpu = (asked.cpu() - before) / _TIMES * 1000
    mark = "  SLOW" if cpu > 50 else "      "
    print(
        f"{mark} {cpu:6.0f} {min(took):8.0f} to {max(took):6.0f} ms, {found:2} rows: {field} {way} {given}",
        flush=True,
    )


def _events(shop: Organization, rare: str, rows: int):
    yield from ({}, {"type": ["SHOP.T1"]}, {"type": ["SHOP.LOST"]}, {"type": ["SHOP.*"]}, {"type": ["SHOP.L*"]})
    yield from ({"type": ["NONE.*"]}, {"type": ["SHOP.LOST", "SHOP.T1"]}, {"type": ["*"]})
    yield from ({"entityId": "needle"}, {"entityId": "order 1"}, {"entityId": "none"})
    yield from ({"integrationId": [shop.integration]}, {"integrationId": [rare]})
    yield {"integrationId": [shop.integration, rare]}
    yield from ({"since": _time(rows // 2)}, {"until": _time(20)}, {"until": _time(rows // 2)})
    yield {"since": _time(rows // 2), "until": _time(rows // 2 + 10)}
    yield {"since": _time(rows + 100)}
    yield {"type": ["SHOP.T1"], "entityId": "needle"}
    yield {"type": ["SHOP.T1"], "entityId": "order 2"}
    yield {"type": ["SHOP.T1"], "integrationId": [rare]}
    yield {"integrationId": [rare], "since": _time(rows // 2)}


def _deliveries(shop: Organization, rows: int):
    yield from ({}, {"eventType": ["SHOP.T1"]}, {"eventType": ["SHOP.LOST"]}, {"eventType": ["SHOP.*"]})
    yield from ({"eventType": ["SHOP.L*"]}, {"eventType": ["NONE.*"]}, {"eventType": ["SHOP.LOST", "SHOP.NONE"]})
    yield from ({"entityId": "needle"}, {"entityId": "order 1"}, {"entityId": "none"})
    for states in (["QUEUED"], ["HELD"], ["QUEUED", "HELD"], ["FAILED"], ["CANCELLED"], ["QUEUED", "FAILED"]):
        yield {"state": states}
    yield from ({"state": ["CANCELLED", "PARTIAL"]}, {"state": ["QUEUED", "CANCELLED"]})
    for status in ([2], [5], [3], [5, 3], [4, 5]):
        yield {"statusClass": status}
    for failure in (["TIMEOUT"], ["ERROR_STATUS"], ["BLOCKED"], ["TIMEOUT", "BLOCKED"]):
        yield {"failure": failure}
    for name, state in (("webhook", "QUEUED"), ("few", "FAILED"), ("few", "QUEUED"), ("held", "SUCCEEDED")):
        yield {"webhookId": [shop.webhooks[name]]}
        yield {"webhookId": [shop.webhooks[name]], "state": [state]}
    yield {"webhookId": [shop.webhooks["few"], shop.webhooks["held"]]}
    yield {"messageId": f"msg_{'0' * 24}"}
    yield from ({"since": _time(rows // 2)}, {"until": _time(20)}, {"since": _time(rows + 100)})
    yield {"since": _time(rows // 2), "until": _time(rows // 2 + 10)}
    yield {"state": ["FAILED"], "eventType": ["SHOP.T3"]}
    yield {"state": ["FAILED"], "statusClass": [5]}
    yield {"entityId": "needle", "state": ["SUCCEEDED"]}


def _rare(shop: Organization) -> tuple[str, str]:
    made = shop.ask(
        """mutation { answer: createIntegration(input: { name: "Rare", handler: "RARE" }) {
  ... on IntegrationPayload { integration { id databaseId } } } }"""
    )["integration"]
    return made["databaseId"], made["id"]


def _time(number: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(_ORIGIN + number))


def _run(kind: str, url: str, statement: str):
    if kind == "sqlite":
        with sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30) as connection:
            return connection.execute(statement).fetchall()

    async def run():
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetch(statement)
        finally:
            await connection.close()

    return asyncio.run(run())


if __name__ == "__main__":
    main()
