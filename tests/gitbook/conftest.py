"""A vendor's client over HTTP, of which every answer is judged by the vendor's documents."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from models.row import new_id
from models.vocabulary import Permission, PlaceKind
from resolvers.find import IntegrationRef
from resolvers.people.place import CreatePlace, create_place
from resolvers.people.token import CreateToken, create_token
from resolvers.publishing.queries import read_published
from tests.files.pictures import png
from tests.gitbook.judged import BOTH, judge_answer
from tests.harness.estate import caller_of
from tests.harness.server import RunningHub
from tests.harness.tenants import Tenant

BASE = "/gitbook/v1"
PICTURE = b64encode(png()).decode()


class GitBook:
    """Speaks this dialect for one token."""

    def __init__(self, http: httpx.AsyncClient, token: str | None) -> None:
        self.http = http
        self.headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    async def __call__(
        self, method: str, path: str, body: Any = None, *, documents: tuple[str, ...] = BOTH, **more: Any
    ) -> httpx.Response:
        """`path` is below the version. `body` goes as JSON. The answer is judged by `documents`."""
        headers = {**self.headers, **more.pop("headers", {})}
        if body is not None:
            more["json"] = body
        answer = await self.http.request(method, f"{BASE}{path}", headers=headers, **more)
        judge_answer(method, path.partition("?")[0], answer, documents)
        return answer

    async def ok(self, method: str, path: str, body: Any = None, status: int = 200, **more: Any) -> Any:
        """The body of an answer that must have this status; None where there is none."""
        answer = await self(method, path, body, **more)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def items(self, path: str, **more: Any) -> list[Any]:
        """The items of a page."""
        found: list[Any] = (await self.ok("GET", path, **more))["items"]
        return found


@dataclass(frozen=True, kw_only=True)
class World:
    """An organization with its administrator's client, and ways to make more in it."""

    hub: RunningHub
    tenant: Tenant
    client: GitBook

    async def publish(self, name: str | None = None, **members: Any) -> dict[str, Any]:
        """An app that is published: public and without any configuration unless told otherwise."""
        name = name or f"app-{new_id()}"
        shown: dict[str, Any] = await self.client.ok(
            "POST", f"/integrations/{name}", manifest(self.tenant, **members)
        )
        return shown

    async def install(self, name: str) -> dict[str, Any]:
        """An installation of an app, of anybody's, here."""
        body = {"organization": self.tenant.id}
        made: dict[str, Any] = await self.client.ok("POST", f"/integrations/{name}/installations", body, 201)
        return made

    async def place(self, kind: PlaceKind, name: str = "Handbook", **details: Any) -> str:
        """The id of a new space or site."""
        new = CreatePlace(kind=kind, name=name, details=details)
        return (await self.hub.run(create_place(caller_of(self.hub, self.tenant), new))).id

    async def as_app(self, name: str, *permissions: Permission) -> GitBook:
        """For a token of an own app itself, with all that an app's may have unless told otherwise."""
        admin = caller_of(self.hub, self.tenant)
        app = await self.hub.run(read_published(admin, IntegrationRef(published_name=name)))
        words = permissions or (Permission.INSTALLATIONS_WRITE, Permission.EVENTS_READ, Permission.INTEGRATIONS_READ)
        new = CreateToken(name="app", permissions=words, integration_id=app.integration.id)
        made = await self.hub.run(create_token(admin, new))
        return GitBook(self.client.http, made.secret)

    async def signed_in(self, *permissions: Permission) -> GitBook:
        """For a personal token with these permissions."""
        return GitBook(self.client.http, await self.tenant.issue(*permissions))


def manifest(tenant: Tenant, **members: Any) -> dict[str, Any]:
    """The body of a publishing in an organization."""
    return {
        "organization": tenant.id,
        "title": "Weather card",
        "description": "Shows the weather",
        "script": "addEventListener('fetch', () => {})",
        "scopes": [],
        "visibility": "public",
        **members,
    }


def refused(answer: httpx.Response, status: int) -> str:
    """The sentence of a refusal, which has this dialect's one form."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert list(body) == ["error"]
    assert list(body["error"]) == ["code", "message"]
    assert body["error"]["code"] == status
    message: str = body["error"]["message"]
    return message


@pytest.fixture
def gitbook(http: httpx.AsyncClient) -> Callable[[str | None], GitBook]:
    """`gitbook(token)`; `gitbook(None)` is nobody."""
    return lambda token: GitBook(http, token)


@pytest.fixture
def world(hub: RunningHub, http: httpx.AsyncClient, organization: Tenant) -> World:
    """The test's organization, which publishes."""
    return World(hub=hub, tenant=organization, client=GitBook(http, organization.token))


@pytest.fixture
def new_world(
    hub: RunningHub, http: httpx.AsyncClient, new_organization: Callable[..., Awaitable[Tenant]]
) -> Callable[..., Awaitable[World]]:
    """Makes others: `await new_world()`."""

    async def make(**facts: Any) -> World:
        tenant = await new_organization(**facts)
        return World(hub=hub, tenant=tenant, client=GitBook(http, tenant.token))

    return make


@pytest.fixture
async def other(new_world: Callable[..., Awaitable[World]]) -> World:
    """Another organization, which installs."""
    return await new_world()
