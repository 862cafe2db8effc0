"""A hub as operators run it: processes on one database and one home, and a client of its administrator."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from hub.wiring import build_hub
from resolvers.caller import Caller
from resolvers.people.organization import CreateOrganization, IssueToken, create_organization, issue_token
from settings import Settings
from tests.harness.graphql import GraphQL
from tests.harness.server import PLAIN_HTTP, ServerProcess


@dataclass
class Installed:
    """One hub of an operator: its database, its home, and the token of its administrator."""

    settings: dict[str, object]
    home: Path
    start_server: Callable[..., ServerProcess]
    token: str = ""

    def start(self) -> ServerProcess:
        return self.start_server(self.home, **self.settings)

    async def found(self) -> None:
        """Make an organization, beside the running process."""
        hub = build_hub(Settings(home=self.home, **self.settings))
        operator = Caller.operator(hub)
        await create_organization(operator, CreateOrganization(name="Acme", slug="acme"))
        wanted = IssueToken(organization="acme", username="admin", name="test")
        self.token = (await issue_token(operator, wanted)).secret
        await hub.recorder.close()
        await hub.database.close()

    @asynccontextmanager
    async def client(self, process: ServerProcess) -> AsyncIterator[GraphQL]:
        async with httpx.AsyncClient(base_url=process.url, timeout=60, **PLAIN_HTTP) as http:
            yield GraphQL(http, self.token)
