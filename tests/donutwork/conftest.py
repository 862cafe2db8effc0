"""A vendor's client over HTTP, and an organization with apps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from sqlmodel import col, select

from models.database import Database
from models.tables import Dispatch
from tests.harness.apps import Apps
from tests.harness.server import RunningHub
from tests.harness.tenants import Tenant

BASE = "/donutwork/2026-02-01"


class Donut:
    """Speaks this dialect for one token."""

    def __init__(self, http: httpx.AsyncClient, token: str | None) -> None:
        self._http = http
        self.headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    async def __call__(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, **more: Any
    ) -> httpx.Response:
        """`path` is below the version. `body` goes as JSON, `key` as the Idempotency-Key."""
        headers = {**self.headers, **more.pop("headers", {}), **({"Idempotency-Key": key} if key else {})}
        if body is not None:
            more["json"] = body
        return await self._http.request(method, f"{BASE}{path}", headers=headers, **more)

    async def ok(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """The body of an answer that must be 200."""
        answer = await self(method, path, body, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def donut(http: httpx.AsyncClient) -> Callable[[str | None], Donut]:
    """`donut(token)`; `donut(None)` is nobody."""
    return lambda token: Donut(http, token)


@pytest.fixture(scope="session")
def new_lasting_apps(hub: RunningHub, database: Database, new_lasting_organization) -> Callable[[], Awaitable[Apps]]:
    """Makes those of organizations that several tests share: `await new_lasting_apps()`."""

    async def make() -> Apps:
        return Apps(hub=hub, database=database, tenant=await new_lasting_organization())

    return make


@pytest.fixture
def apps(hub: RunningHub, database: Database, organization: Tenant) -> Apps:
    """Of the test's organization."""
    return Apps(hub=hub, database=database, tenant=organization)


@pytest.fixture
async def others(hub: RunningHub, database: Database, new_organization) -> Apps:
    """Of another organization."""
    return Apps(hub=hub, database=database, tenant=await new_organization())


@pytest.fixture
def client(donut, organization: Tenant) -> Donut:
    """For the organization's administrator, who may do everything."""
    return donut(organization.token)


@pytest.fixture
def declare(donut, apps: Apps):
    """Makes an app that declares one action through the dialect: `await declare(method, endpoint, *inputs)`."""

    async def put(method: str, endpoint: str, *inputs: dict, **more: object) -> None:
        app = await apps.make("Stock")
        capability = {"action": "RUN", "method": method, "endpoint": endpoint, "inputs": list(inputs), **more}
        await donut(await apps.token(app)).ok("PUT", "/integrations.json", {"capabilities": [capability]})

    return put


def refused(answer: httpx.Response, status: int) -> str:
    """The sentence of a refusal, which has this dialect's one form."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert list(body) == ["error"]
    assert isinstance(body["error"], str)
    return body["error"]


async def records(apps: Apps) -> list[Dispatch]:
    """The dispatches of an organization, oldest first."""
    async with apps.database.read() as session:
        found = select(Dispatch).where(col(Dispatch.organization_id) == apps.tenant.id)
        return list((await session.execute(found.order_by(col(Dispatch.id)))).scalars())
