"""An organization that changes its rows by operations, and reads the events that this announces."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from models.tables import Installation
from models.vocabulary import HubEvent
from resolvers.events.hub_events import HUB_EVENTS
from resolvers.installations.queries import InstallationFilter, list_installations
from resolvers.page import SliceRequest
from tests.harness.acting import listed
from tests.harness.estate import caller_of
from tests.harness.graphql import GraphQL
from tests.harness.server import RunningHub
from tests.harness.tenants import Tenant

News = tuple[str, str, dict[str, Any]]


@dataclass
class Telling:
    """Runs operations as the administrator; `news` are the hub's events since it was last asked.

    Each must have the members of its example.
    """

    hub: RunningHub
    tenant: Tenant
    _read: set[str] = field(default_factory=set)

    async def run(self, operation: Callable[..., Awaitable[Any]], *given: Any) -> Any:
        """The result of an operation."""
        return await self.hub.run(operation(caller_of(self.hub, self.tenant), *given))

    async def news(self, client: GraphQL | None = None) -> list[News]:
        """Type, entity id and payload of each new event that the client sees, oldest first."""
        chosen = '(first: 100, filter: {type: ["Hub.*"]})'
        found = await listed(client or self.tenant.client, "events", "id type entityId payload", chosen)
        new = [one for one in reversed(found) if one["id"] not in self._read]
        self._read |= {one["id"] for one in new} if client is None else set()
        for one in new:
            assert members(one["payload"]) == members(HUB_EVENTS[HubEvent(one["type"])].example), one
        return [(one["type"], one["entityId"], one["payload"]) for one in new]

    async def installations(self) -> list[Installation]:
        """The organization's installations."""
        found = await self.run(list_installations, InstallationFilter(), SliceRequest(size=10))
        return found.rows  # type: ignore[no-any-return]


def members(payload: Mapping[str, Any]) -> set[str]:
    """The names of members, with dots; those of `previous` differ from one change to the next."""
    found = set(payload)
    for name, value in payload.items():
        if isinstance(value, dict) and name != "previous":
            found |= {f"{name}.{below}" for below in members(value)}
    return found
