"""A vendor's client over HTTP, and what its organization has."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import httpx
import pytest
from sqlmodel import col, select

from models.database import Database
from models.tables import Dispatch
from models.vocabulary import Permission
from tests.connect.conftest import browser, provider  # noqa: F401  fixtures of both packages
from tests.harness.apps import Apps
from tests.harness.server import RunningHub
from tests.harness.tenants import Tenant
from tests.upstreams.faults import FaultServer

BASE = "/informer/api"
REQUEST = "/integrations/stock/request"
NOT_ADMIN = tuple(word for word in Permission if word is not Permission.ORGANIZATION_ADMIN)


class Informer:
    """Speaks this dialect for one token."""

    def __init__(self, http: httpx.AsyncClient, token: str | None) -> None:
        self.http = http
        self.headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    async def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """`path` is below the API, or a link as it was answered. `body` goes as JSON."""
        address = path if path.startswith("/informer") else f"{BASE}{path}"
        headers = {**self.headers, **more.pop("headers", {})}
        if body is not None:
            more["json"] = body
        return await self.http.request(method, address, headers=headers, **more)

    async def ok(self, method: str, path: str, body: Any = None, status: int = 200, **more: Any) -> Any:
        """The body of an answer that must have this status; None where there is none."""
        answer = await self(method, path, body, **more)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def make(self, **members: Any) -> dict[str, Any]:
        """An integration that was made: custom and named, unless told otherwise."""
        return await self.ok("POST", "/integrations", {"name": "Stock", "type": "custom", **members}, 201)

    async def names(self, query: str = "") -> list[str]:
        """The names on a page."""
        found = await self.ok("GET", f"/integrations{query}")
        return [row["name"] for row in found["_embedded"]["inf:integration"]]


@pytest.fixture
def informer(http: httpx.AsyncClient) -> Callable[[str | None], Informer]:
    """`informer(token)`; `informer(None)` is nobody."""
    return lambda token: Informer(http, token)


@pytest.fixture
def client(informer: Callable[[str | None], Informer], organization: Tenant) -> Informer:
    """For the organization's administrator, who may do everything."""
    return informer(organization.token)


@pytest.fixture
async def user(http: httpx.AsyncClient, organization: Tenant) -> Informer:
    """For a further user, `member`, who may do everything but administrate."""
    return await add_member(organization, http)


@pytest.fixture
async def stranger(informer: Callable[[str | None], Informer], new_organization: Any) -> Informer:
    """For another organization's administrator."""
    return informer((await new_organization()).token)


@pytest.fixture
def apps(hub: RunningHub, database: Database, organization: Tenant) -> Apps:
    """Of the test's organization."""
    return Apps(hub=hub, database=database, tenant=organization)


@pytest.fixture
async def send(client: Informer, upstream: FaultServer):
    """`await send(url, **more)`: a request through an integration with a key in a header, whose API is `/v2`."""
    await stock(client, upstream)

    async def request(url: Any, **more: Any) -> Any:
        sent = {"headers": more.pop("sent", {})}
        return await client("POST", REQUEST, {"url": url, **more}, **sent)

    return request


async def add_member(organization: Tenant, http: httpx.AsyncClient) -> Informer:
    """For a user `member` that the organization gets."""
    await organization.add_user("member", *NOT_ADMIN)
    return Informer(http, await organization.issue(*NOT_ADMIN, username="member"))


async def stock(client: Informer, upstream: FaultServer, **members: Any) -> None:
    """An integration with a key in a header, whose API stands at `/v2`."""
    base = f"{upstream.url}/v2"
    given = {"authType": "apikey", "apiKey": "the-key-4711", "apiKeyName": "X-Key", "apiBaseUri": base}
    await client.make(**{**given, **members})


async def records(apps: Apps) -> list[Dispatch]:
    """The dispatches of an organization, oldest first."""
    async with apps.database.read() as session:
        mine = select(Dispatch).where(col(Dispatch.organization_id) == apps.tenant.id)
        return list((await session.execute(mine.order_by(col(Dispatch.id)))).scalars())


def refused(answer: httpx.Response, status: int) -> str:
    """The sentence of a refusal, which has this dialect's one form."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert list(body) == ["statusCode", "error", "message"]
    assert (body["statusCode"], body["error"]) == (status, HTTPStatus(status).phrase)
    return body["message"]
