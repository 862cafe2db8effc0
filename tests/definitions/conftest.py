"""A vendor on loopback of the test's own, and definitions that lead to it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from models.row import new_id
from tests.harness.graphql import GraphQL
from tests.upstreams.canned import reply
from tests.upstreams.faults import FaultServer, Received

SAVE = """mutation($input: SaveDefinitionInput!) { saveDefinition(input: $input) {
  ... on DefinitionPayload { definition { id databaseId } }
  ... on Problem { code message path } ... on InvalidInput { violations { path message } } } }"""


@dataclass(frozen=True)
class Vendor:
    """A remote service: what it answers is told, what came in is kept."""

    faults: FaultServer
    base: str

    @property
    def url(self) -> str:
        """Its API base."""
        return f"{self.faults.url}{self.base}"

    def answers(self, path: str, value: Any, status: str = "200 OK") -> None:
        """From now on."""
        raw = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.faults.answers[self.base + path] = reply(raw, "application/json", status, "Connection: close")

    def received(self, path: str) -> list[Received]:
        """What came in at a path, oldest first."""
        return [one for one in self.faults.requests if one.target.partition("?")[0] == self.base + path]


@pytest.fixture
def vendor(faults: FaultServer) -> Vendor:
    """One that knows `/me`."""
    made = Vendor(faults, f"/{new_id()}")
    made.answers("/me", {"ok": True, "user": {"id": 7, "email": "ada@example.com", "name": "Ada"}})
    return made


def described(vendor: Vendor, **members: Any) -> dict[str, Any]:
    """A definition of that vendor, with bearer tokens, a verification and an account request."""
    body: dict[str, Any] = {
        "name": "Vendor",
        "category": "storage",
        "auth": {"type": "BEARER", "apiBaseUrl": vendor.url},
        "verification": {"request": {"path": "/me"}, "expect": {"when": "ok"}, "error": "error"},
        "account": {
            "request": {"path": "/me"},
            "accountId": "user.id",
            "email": "user.email",
            "displayName": "user.name",
        },
    }
    return body | members


async def save(client: GraphQL, vendor: str, definition: Any) -> dict[str, Any]:
    """The definition, or the problem."""
    answer = (await client.query(SAVE, input={"vendor": vendor, "definition": definition}))["saveDefinition"]
    return answer.get("definition", answer)
