"""Set-up for dispatch: an integration on a test's upstream, its capabilities, and calls of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.harness.acting import act, refusal
from tests.harness.graphql import GraphQL

RESPONSE = "response { status contentType json text base64 }"
RECORD = "dispatch { id outcome externalStatus error attemptCount url durationMs connection { id } idempotencyKey }"
CALLED = f"replayed {RECORD} {RESPONSE}"
PLAN = """allowed reason blockedBy missingScopes method url headers { name value } body idempotency
  connection { id } capability { name }"""


@dataclass(frozen=True, kw_only=True)
class App:
    """An integration of the test's, and how its capabilities are run by a client."""

    client: GraphQL
    id: str
    handler: str

    async def run(self, name: str, inputs: Any = None, **more: Any) -> dict[str, Any]:
        """A dispatch that was recorded, however it ended."""
        return await act(self.client, "dispatch", self._input(name, inputs, more), CALLED)

    async def echo(self, name: str, inputs: Any = None, **more: Any) -> Any:
        """The JSON answer of a dispatch that succeeded: with httpbin, what arrived there."""
        done = await self.run(name, inputs, **more)
        assert done["dispatch"]["outcome"] == "SUCCEEDED", done
        return done["response"]["json"]

    async def refused(self, name: str, inputs: Any = None, **more: Any) -> dict[str, Any]:
        """The problem that a dispatch was refused with."""
        return await refusal(self.client, "dispatch", self._input(name, inputs, more))

    async def plan(self, name: str, inputs: Any = None, **more: Any) -> dict[str, Any]:
        """What a dispatch would send."""
        return await act(self.client, "planDispatch", self._input(name, inputs, more), PLAN)

    def by(self, client: GraphQL) -> App:
        """The same app, called by another client."""
        return App(client=client, id=self.id, handler=self.handler)

    def _input(self, name: str, inputs: Any, more: dict[str, Any]) -> dict[str, Any]:
        named = {"capability": {"named": {"handler": self.handler, "name": name}}}
        return named | ({} if inputs is None else {"inputs": inputs}) | more


async def app(client: GraphQL, base: str, *capabilities: dict[str, Any], **more: Any) -> App:
    """Make an integration on a base address; `auth` and `secret` as createIntegration takes them."""
    auth = {"apiBaseUrl": base} | more.pop("auth", {})
    given = {"name": more.pop("name", "App"), "auth": auth, "capabilities": list(capabilities)} | more
    made = await act(client, "createIntegration", given, "id handler")
    return App(client=client, id=made["id"], handler=made["handler"])


def capability(name: str, method: str, endpoint: str, *inputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A capability to declare."""
    return {"name": name, "method": method, "endpoint": endpoint, "inputs": list(inputs)} | more


def given(name: str, type: str = "STRING", **more: Any) -> dict[str, Any]:
    """A simple input."""
    return {"name": name, "type": type} | more
