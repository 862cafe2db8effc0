"""An importer of documents: uploads them, plans and imports, over the graph."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from proxy.openapi import Documents, Read, Selection
from tests.harness.acting import PROBLEM, act
from tests.harness.graphql import GraphQL
from tests.harness.tenants import Tenant

CREATE = """mutation ($input: CreateUploadInput!) { createUpload(input: $input) {
  ... on UploadPayload { uploadId url } ... on Problem { code message path } } }"""
PLAN = """query ($input: ImportOpenApiInput!) { planOpenApiImport(input: $input) { __typename
  ... on OpenApiPlan { digest documentTitle skippedCount skipped { operation place reason }
    changes { name kind breaking affectedInstallationCount affectedFlows { name databaseId }
      fields { path oldValue newValue } } }
  ... on Problem { __typename code message path ... on InvalidInput { violations { path message } } } } }"""
SHOWN = """id version capabilities(first: 100) { nodes { id name method endpoint effect bodyFormat arrayFormat
  inputSchema outputSchema requiredScopes description } }"""
IMPORT = f"""mutation ($input: ImportOpenApiInput!) {{ importOpenApi(input: $input) {{ __typename
  ... on IntegrationPayload {{ integration {{ {SHOWN} }} }} {PROBLEM} }} }}"""


class Importer:
    """Speaks for one token, about one integration."""

    def __init__(self, http: httpx.AsyncClient, client: GraphQL, token: str, integration_id: str) -> None:
        self._http, self.client, self._token, self.integration_id = http, client, token, integration_id

    async def declare(self, *manifest: dict[str, Any]) -> None:
        """Declare capabilities by hand."""
        given = {"integrationId": self.integration_id, "capabilities": list(manifest)}
        await act(self.client, "declareCapabilities", given)

    async def upload(self, document: Any, purpose: str = "DOCUMENT") -> str:
        """The id of an upload with these bytes, text, or values as JSON."""
        raw = bytes_of(document)
        made = (await self.client.query(CREATE, input={"purpose": purpose, "size": len(raw)}))["createUpload"]
        headers = {"Authorization": f"Bearer {self._token}"}
        answer = await self._http.put(made["url"], content=raw, headers=headers)
        assert answer.status_code == 200, answer.text
        return made["uploadId"]

    async def plan(self, document: Any, **more: Any) -> dict[str, Any]:
        """The answer of planOpenApiImport."""
        return await self.plan_of(await self.upload(document), **more)

    async def plan_of(self, upload_id: str, **more: Any) -> dict[str, Any]:
        """The answer of planOpenApiImport about an upload."""
        given = {"integrationId": self.integration_id, "uploadId": upload_id, **more}
        return (await self.client.query(PLAN, input=given))["planOpenApiImport"]

    async def take(self, document: Any, **more: Any) -> dict[str, dict[str, Any]]:
        """The capabilities after importOpenApi, by name; fails when it was refused."""
        done = await self.take_of(await self.upload(document), **more)
        assert done["__typename"] == "IntegrationPayload", done
        return {one["name"]: one for one in done["integration"]["capabilities"]["nodes"]}

    async def take_of(self, upload_id: str, **more: Any) -> dict[str, Any]:
        """The answer of importOpenApi."""
        given = {"integrationId": self.integration_id, "uploadId": upload_id, **more}
        return (await self.client.query(IMPORT, input=given))["importOpenApi"]


@pytest.fixture
async def importer(http: httpx.AsyncClient, organization: Tenant) -> Importer:
    """Of the organization's administrator, about an integration with a base address."""
    base = {"name": "Shop", "auth": {"apiBaseUrl": "https://shop.example/api"}}
    made = await act(organization.client, "createIntegration", base)
    return Importer(http, organization.client, organization.token, made["id"])


@pytest.fixture
def read() -> Callable[..., Any]:
    """`await read(document)`: a document as the hub reads it, without a hub."""

    async def run(document: Any, *, documents: Documents | None = None, **more: Any) -> Read:
        facts = {"has_base": True, "most": 1000, "lane": "one"}
        facts |= {name: more.pop(name) for name in facts if name in more}
        return await (documents or Documents()).read(bytes_of(document), Selection(**more), **facts)

    return run


def bytes_of(document: Any) -> bytes:
    """A document as it is sent: bytes, a text, or values as JSON."""
    text = document if isinstance(document, str | bytes) else json.dumps(document)
    return text.encode() if isinstance(text, str) else text
