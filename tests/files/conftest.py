"""A client that uploads, and what the database then holds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest

from models.database import Database
from settings import Settings
from tests.harness.apps import Apps
from tests.harness.assets import stored_assets
from tests.harness.graphql import GraphQL
from tests.harness.server import PLAIN_HTTP, RunningHub, served
from tests.harness.tenants import Tenant

CREATE = """mutation ($input: CreateUploadInput!) { createUpload(input: $input) {
  __typename ... on UploadPayload { uploadId url expiresAt }
  ... on Problem { code message path } ... on UpstreamFailed { reason externalStatus } } }"""
SET = """mutation ($input: SetIntegrationIconInput!) { setIntegrationIcon(input: $input) {
  __typename ... on IntegrationPayload { integration { iconUrl version } } ... on Problem { code message path } } }"""


class Uploads:
    """Speaks for one token."""

    def __init__(self, http: httpx.AsyncClient, client: GraphQL, token: str | None) -> None:
        self.http, self.client = http, client
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    async def create(self, purpose: str = "ICON", **given: Any) -> dict[str, Any]:
        """The answer of createUpload."""
        answer = await self.client.query(CREATE, input={"purpose": purpose, **given})
        return answer["createUpload"]

    async def put(self, url: str, content: Any, **headers: str) -> httpx.Response:
        """The answer to the bytes."""
        return await self.http.put(url, content=content, headers={**self._headers, **headers})

    async def send(self, content: bytes, purpose: str = "ICON") -> str:
        """The id of an upload that has its bytes."""
        promised = await self.create(purpose, size=len(content))
        answer = await self.put(promised["url"], content)
        assert answer.status_code == 200, answer.text
        return promised["uploadId"]

    async def set_icon(self, integration: Any, upload_id: str | None) -> dict[str, Any]:
        """The answer of setIntegrationIcon."""
        given = {"integrationId": integration.id, "uploadId": upload_id}
        return (await self.client.query(SET, input=given))["setIntegrationIcon"]


@pytest.fixture
def speak(http: httpx.AsyncClient, graphql: Callable[..., GraphQL]) -> Callable[[str | None], Uploads]:
    """`speak(token)`; `speak(None)` is nobody."""
    return lambda token: Uploads(http, graphql(token), token)


@pytest.fixture
def uploads(speak: Callable[[str | None], Uploads], organization: Tenant) -> Uploads:
    """Of the organization's administrator."""
    return speak(organization.token)


@pytest.fixture
async def stranger(speak: Callable[[str | None], Uploads], new_organization: Any) -> Uploads:
    """Of another organization's administrator."""
    return speak((await new_organization()).token)


@pytest.fixture(scope="session")
def strict_hub(
    settings_beside: Callable[..., Settings], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningHub]:
    """A second hub over the same database: it may call nobody, waits for no one, and knows its address."""
    from server import create_app

    home = tmp_path_factory.mktemp("strict")
    settings = settings_beside(home, body_timeout=0.5, public_url="https://hub.example.com/")
    with served(create_app(settings)) as running:
        yield running


@pytest.fixture
async def strict(strict_hub: RunningHub, organization: Tenant) -> AsyncIterator[Uploads]:
    """The administrator, speaking to that hub."""
    async with httpx.AsyncClient(base_url=strict_hub.url, timeout=60, **PLAIN_HTTP) as http:
        yield Uploads(http, GraphQL(http, organization.token), organization.token)


@pytest.fixture
def apps(hub: RunningHub, database: Database, organization: Tenant) -> Apps:
    """Of the test's organization."""
    return Apps(hub=hub, database=database, tenant=organization)


@pytest.fixture
def assets(database: Database, organization: Tenant) -> Callable[[], Any]:
    """The assets of the test's organization, oldest first: `await assets()`."""

    return lambda: stored_assets(database, organization.id)


def refused(answer: httpx.Response, status: int) -> str:
    """The code of a refusal, which has this face's one form."""
    assert answer.status_code == status, answer.text
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert list(body) == ["code", "message"]
    return body["code"]
