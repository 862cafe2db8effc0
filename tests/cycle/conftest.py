"""A vendor's client over HTTP, whose every answer is judged by the vendor's own document."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.definitions.conftest import save, vendor  # noqa: F401  a fixture of both packages
from tests.harness.contracts import judge
from tests.harness.tenants import Tenant
from tests.harness.waiting import eventually

BASE = "/cycle"
ALL = "/v1/hubs/current/integrations"
ENDED = ("completed", "error", "expired")
NEVER = "0001-01-01T00:00:00Z"
READABLE = {"group": "SECRET", "secret": False}
#: A store of objects with a readable field, a secret one and parameters.
STORE: dict[str, Any] = {
    "name": "Store",
    "category": "object-storage",
    "docs": "https://docs.example.com/store",
    "auth": {"type": "BASIC", "apiBaseUrl": "https://api.example.com"},
    "fields": [
        {"key": "key_id", "label": "Key ID", "required": True, "pattern": "[a-z0-9]+", **READABLE},
        {"key": "secret", "group": "SECRET", "label": "Application key", "description": "Long", "required": True},
        {"key": "region", "label": "Region", "type": "SELECT", "options": ["eu", "us"], **READABLE},
        {"key": "bucket", "group": "PARAMETER", "label": "Bucket", "required": True},
        {"key": "shards", "group": "PARAMETER", "label": "Shards", "type": "INTEGER"},
    ],
    "credential": {"username": "{key_id}", "password": "{secret}"},
}
AUTH = {"key_id": "id1", "secret": "K005xAbCdEfGh"}
EXTRA = {"bucket": "acme"}


class Cycle:
    """Speaks this dialect for one token."""

    def __init__(self, http: httpx.AsyncClient, token: str | None) -> None:
        self.http = http
        self.headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    async def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """`path` is below the list of integrations, or begins with `/v1`. `body` goes as JSON."""
        address = BASE + (path if path.startswith("/v1") else f"{ALL}{path}")
        headers = {**self.headers, **more.pop("headers", {})}
        if body is not None:
            more["json"] = body
        answer = await self.http.request(method, address, headers=headers, **more)
        if "PATCHBAY_CONTRACTS" in os.environ and method != "HEAD" and _is_known(method, address):
            operation = f"{method} {answer.request.url.path.removeprefix(BASE)}"
            judge("cycle", "openapi.json", operation, answer.status_code, answer.json())
        return answer

    async def ok(self, method: str, path: str, body: Any = None, status: int = 200, **more: Any) -> Any:
        """The `data` of an answer that must have this status."""
        answer = await self(method, path, body, **more)
        assert answer.status_code == status, answer.text
        assert list(answer.json()) == ["data"]
        return answer.json()["data"]

    async def make(self, **members: Any) -> dict[str, Any]:
        """An integration that was made: of the store, unless told otherwise."""
        given = {"vendor": "store", "auth": AUTH, "extra": EXTRA} if "vendor" not in members else {}
        return await self.ok("POST", "", {**given, **members}, 201)

    async def ended(self, job_id: str) -> dict[str, Any]:
        """The job, once it has ended."""

        async def found() -> Any:
            job = await self.ok("GET", f"/v1/jobs/{job_id}")
            return job if job["state"]["current"] in ENDED else None

        return await eventually(found)

    async def names(self, query: str = "") -> list[str]:
        """The names on a page."""
        return [row["name"] for row in await self.ok("GET", query)]


def _is_known(method: str, address: str) -> bool:
    """Whether the vendor's document has the operation."""
    path = address.partition("?")[0].removeprefix(BASE)
    if path.endswith("/"):
        return False
    depth = path.removeprefix(ALL).count("/")
    if path.startswith("/v1/jobs/"):
        return method == "GET"
    if path.endswith("/available"):
        return method == "GET"
    return (method, depth) in {("GET", 0), ("POST", 0), ("GET", 1), ("PATCH", 1), ("DELETE", 1), ("POST", 2)}


@pytest.fixture
def cycle(http: httpx.AsyncClient) -> Callable[[str | None], Cycle]:
    """`cycle(token)`; `cycle(None)` is nobody."""
    return lambda token: Cycle(http, token)


@pytest.fixture
def client(cycle: Callable[[str | None], Cycle], organization: Tenant) -> Cycle:
    """For the organization's administrator, who may do everything."""
    return cycle(organization.token)


@pytest.fixture
async def store(organization: Tenant) -> None:
    """A vendor of the organization's own."""
    await define(organization, "store", STORE)


@pytest.fixture
async def stranger(cycle: Callable[[str | None], Cycle], new_organization: Callable[[], Awaitable[Tenant]]) -> Cycle:
    """For another organization's administrator."""
    return cycle((await new_organization()).token)


async def define(tenant: Tenant, key: str, definition: dict[str, Any]) -> None:
    """Save a vendor of an organization's own."""
    assert "id" in await save(tenant.client, key, definition)


def checked(url: str, **members: Any) -> dict[str, Any]:
    """The definition of a vendor on loopback that takes a bearer token and can verify it."""
    definition = {
        "name": "Vendor",
        "category": "image-builders",
        "auth": {"type": "BEARER", "apiBaseUrl": url},
        "verification": {"request": {"path": "/me"}, "expect": {"when": "ok"}, "error": "error"},
    }
    return definition | members


def refused(answer: httpx.Response, status: int, code: str | None = None, source: str | None = None) -> str:
    """The detail of a refusal, which has the vendor's one form."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert list(body) == ["error", "data"]
    assert body["data"] is None
    error = body["error"]
    assert (error["status"], error["code"].partition(".")[0]) == (status, str(status))
    assert error["title"]
    if code is not None:
        assert (error["code"], error.get("source")) == (code, source), answer.text
    return error["detail"]
