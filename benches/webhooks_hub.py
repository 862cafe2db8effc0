"""A hub with webhooks for measurements: its processes, its organizations, and load of events."""

from __future__ import annotations

import asyncio
import json
import signal
import time
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from measured import command
from processes import HERE, Program, free_port

ROOT = HERE.parent
PAYLOAD = {"order": "A-100", "lines": [{"sku": "A-200", "quantity": 3}], "note": "Leave it at the back door."}
_CREATE = """mutation { answer: createIntegration(input: { name: "Shop", handler: "SHOP" }) {
  ... on IntegrationPayload { integration { id databaseId } } } }"""
_DECLARE = """mutation($id: ID!) { answer: declareEventTypes(input: { integrationId: $id,
  eventTypes: [{ name: "SHOP.SOLD" }, { name: "SHOP.LOST" }] }) { __typename } }"""
_WEBHOOK = """mutation($input: CreateWebhookInput!) { answer: createWebhook(input: $input) { __typename
  ... on WebhookPayload { webhook { id databaseId } } ... on Problem { message path } } }"""
_DISABLE = "mutation($id: ID!) { answer: updateWebhook(input: { id: $id, enabled: false }) { __typename } }"
_EMIT = """mutation($type: String!, $entity: String!, $payload: JSON) { emitEvent(input: {
  integration: { handler: "SHOP" }, type: $type, entityId: $entity, payload: $payload }) {
  __typename ... on EventPayload { event { databaseId } } } }"""


class Hub:
    """A hub's processes over one database. `kill` ends one without warning; `start` starts it again."""

    def __init__(self, stack: ExitStack, home: Path, database: str, **settings: object) -> None:
        home.mkdir(exist_ok=True)
        self.home, self.port, self.database = home, free_port(), database
        self.url = f"http://127.0.0.1:{self.port}"
        self._settings = {
            "home": home,
            "port": self.port,
            "database_url": database,
            "log_level": "warning",
            "egress_allow": "127.0.0.0/8",
        } | settings
        self.programs: dict[str, Program] = {}
        self.command("init")
        self.command("migrate")
        stack.callback(self.end)

    def command(self, *arguments: str) -> str:
        """The output of a command."""
        return command(ROOT, self._settings, *arguments)

    def start(self, name: str = "server", *, wait: bool = True) -> Program:
        """`server` or `worker`."""
        program = Program(name, f"{name}.py", log=self.home, cwd=ROOT, settings=self._settings)
        self.programs[name] = program
        if name == "server" and wait:
            program.wait_until_it_listens(self.port)
        return program

    def kill(self, name: str) -> None:
        """SIGKILL."""
        process = self.programs.pop(name)._process
        process.send_signal(signal.SIGKILL)
        process.wait()

    def end(self) -> None:
        """End what runs."""
        for program in self.programs.values():
            program.end()

    def organization(self, slug: str) -> Organization:
        """A new organization with an integration SHOP."""
        self.command("org", "create", slug, "--slug", slug)
        made = Organization(self.url, self.command("token", "create", slug).strip())
        integration = made.ask(_CREATE)["integration"]
        made.ask(_DECLARE, id=integration["id"])
        made.integration_id, made.integration = integration["databaseId"], integration["id"]
        return made


@dataclass
class Organization:
    """Asks and emits for an organization."""

    url: str
    token: str
    integration_id: str = ""
    integration: str = ""
    webhooks: dict[str, str] = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        """Of each request."""
        return {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}

    def ask(self, query: str, **variables: object):
        """The member `answer`. Raises RuntimeError if there is none."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.url}/graphql", body, self.headers)
        with urllib.request.urlopen(request, timeout=60) as response:
            answer = json.load(response)
        if answer.get("errors"):
            raise RuntimeError(str(answer)[:2000])
        return answer["data"]["answer"]

    def webhook(self, name: str, url: str, pattern: str = "SHOP.SOLD", **facts: object) -> str:
        """The 24-hex id of a new webhook. Raises RuntimeError if it is refused."""
        given = {"name": name, "url": url, "eventTypePatterns": [pattern], "integrationId": self.integration} | facts
        answer = self.ask(_WEBHOOK, input=given)
        if answer["__typename"] != "WebhookPayload":
            raise RuntimeError(str(answer))
        self.webhooks[name] = answer["webhook"]["id"]
        return str(answer["webhook"]["databaseId"])

    def disable(self, name: str) -> None:
        """Disable a webhook."""
        self.ask(_DISABLE, id=self.webhooks[name])


@dataclass
class Emitted:
    """Acknowledged events and the times of their answers; `errors`: calls without one; `fault`: the last refusal."""

    at: dict[str, float] = field(default_factory=dict)
    took: list[float] = field(default_factory=list)
    errors: int = 0
    fault: str = ""
    stop: bool = False


async def emit(
    organization: Organization,
    *,
    rate: float | None = None,
    count: int | None = None,
    seconds: float = 600.0,
    connections: int = 16,
    kind: str = "SOLD",
    entities: int = 200,
    into: Emitted | None = None,
) -> Emitted:
    """Emit at a rate a second, or as fast as answers come, until the count, the time, or `into.stop`."""
    done, began = into or Emitted(), time.monotonic()
    numbers = iter(range(count or 10**9))
    connector = aiohttp.TCPConnector(limit=connections)
    async with aiohttp.ClientSession(connector=connector, headers=organization.headers) as session:

        async def call() -> None:
            for number in numbers:
                if rate:
                    await asyncio.sleep(max(began + number / rate - time.monotonic(), 0))
                if done.stop or time.monotonic() > began + seconds:
                    return
                await _one(session, organization.url, kind, f"order {number % entities}", done)

        await asyncio.gather(*(call() for _ in range(connections)))
    return done


async def _one(session: aiohttp.ClientSession, url: str, kind: str, entity: str, done: Emitted) -> None:
    body = {"query": _EMIT, "variables": {"type": kind, "entity": entity, "payload": PAYLOAD}}
    begun = time.monotonic()
    try:
        async with session.post(f"{url}/graphql", json=body, timeout=aiohttp.ClientTimeout(total=30)) as response:
            answer = await response.json()
        accepted = (answer.get("data") or {}).get("emitEvent") or {}
        if "event" not in accepted:
            done.errors, done.fault = done.errors + 1, json.dumps(answer)[:500]
            return
        done.at[accepted["event"]["databaseId"]] = time.monotonic()
        done.took.append(time.monotonic() - begun)
    except (aiohttp.ClientError, OSError, TimeoutError):
        done.errors += 1
        await asyncio.sleep(0.1)


@dataclass(frozen=True)
class Seen:
    """A request as the receiver noted it."""

    at: float
    path: str
    message: str
    event: str
    entity: str
    number: int


class Receiver:
    """The receiver's process and its notes."""

    def __init__(self, stack: ExitStack, home: Path) -> None:
        self.port, self.file = free_port(), home / "received.jsonl"
        self.url = f"http://127.0.0.1:{self.port}"
        program = Program("receiver", "receiver.py", self.port, self.file, log=home)
        stack.callback(program.end)
        program.wait_until_it_listens(self.port)

    def seen(self) -> list[Seen]:
        """All requests so far."""
        text = self.file.read_text()
        return [Seen(*json.loads(line)) for line in text[: text.rfind("\n") + 1].splitlines()]

    def wait(self, path: str, events: set[str] | dict[str, float], seconds: float) -> list[Seen]:
        """The requests, once all these events have come to the path, or the time is over."""
        until = time.monotonic() + seconds
        while True:
            seen = self.seen()
            if time.monotonic() > until or not set(events) - {one.event for one in seen if one.path == path}:
                return seen
            time.sleep(0.5)
