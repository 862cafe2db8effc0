"""Fixtures of flows: an app with capabilities and an event type, and its client."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.harness.acting import act, refusal
from tests.harness.calling import App, app, capability, given
from tests.harness.graphql import GraphQL

FLOW = "flow { id version name enabled nextRunAt runAs { username } trigger { kind eventType filter cron timeZone } }"
STEP = "id version name direction"
MANUAL = {"manual": True}


@dataclass(frozen=True, kw_only=True)
class Bench:
    """An organization's client, its app, and the ids of the app's capabilities by name."""

    client: GraphQL
    app: App
    ids: dict[str, str]
    event: str

    def by(self, client: GraphQL) -> Bench:
        """The same, for another client."""
        return Bench(client=client, app=self.app, ids=self.ids, event=self.event)

    async def step(self, name: str = "Write", kind: str = "WRITE", **more: Any) -> str:
        """A new step's id; one that dispatches a capability of the app."""
        return (await act(self.client, "createStep", self.new_step(name, kind, **more), STEP))["id"]

    def new_step(self, name: str = "Write", kind: str = "WRITE", **more: Any) -> dict[str, Any]:
        """The input of a new step."""
        direction = more.pop("direction", "EXPORT" if kind == "READ" else "IMPORT")
        return {"name": name, "direction": direction, "capabilityId": self.ids[kind]} | more

    async def flow(self, *steps: Any, **more: Any) -> dict[str, Any]:
        """A new flow with these steps, given by id or as inputs."""
        return (await self.make(*steps, **more))["flow"]

    async def make(self, *steps: Any, **more: Any) -> dict[str, Any]:
        """The payload of a new flow."""
        return await self._act("createFlow", self.new_flow(*steps, **more))

    def new_flow(self, *steps: Any, **more: Any) -> dict[str, Any]:
        """The input of a new flow."""
        placed = [{"stepId": one} if isinstance(one, str) else one for one in steps]
        return {"name": "F", "trigger": MANUAL, "steps": placed} | more

    async def change(self, flow_id: str, **values: Any) -> dict[str, Any]:
        """The flow after a change."""
        return (await self._act("updateFlow", {"id": flow_id} | values))["flow"]

    async def refused(self, name: str, input: dict[str, Any]) -> dict[str, Any]:
        """The problem with which a mutation is refused."""
        return await refusal(self.client, name, input)

    async def _act(self, name: str, input: dict[str, Any]) -> dict[str, Any]:
        return await act(self.client, name, input, f"{FLOW} warnings")


@pytest.fixture
def bench_of():
    """Makes a bench of a client's organization: `await bench_of(client)`."""

    async def made(client: GraphQL) -> Bench:
        listed = given("items", "ARRAY")
        declared = (
            capability("READ", "GET", "/things"),
            capability("WRITE", "POST", "/things", given("name")),
            capability("MANY", "POST", "/things/all", listed),
        )
        own = await app(client, "https://api.example", *declared)
        event = f"{own.handler}.HAPPENED"
        types = [{"name": event, "example": {"name": "a", "total": 3}}]
        await act(client, "declareEventTypes", {"integrationId": own.id, "eventTypes": types}, "id")
        found = await client.query("{ capabilities(first: 100) { nodes { id name integration { id } } } }")
        nodes = found["capabilities"]["nodes"]
        ids = {one["name"]: one["id"] for one in nodes if one["integration"]["id"] == own.id}
        return Bench(client=client, app=own, ids=ids, event=event)

    return made


@pytest.fixture
async def bench(organization, bench_of) -> Bench:
    """A bench of the test's own organization."""
    return await bench_of(organization.client)
