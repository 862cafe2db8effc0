"""Requests of one's own, through the graph: answered as dispatches are, and refused to those who may not."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from sqlmodel import col, select

from models.tables import Capability, Dispatch
from models.vocabulary import HttpMethod, Permission
from resolvers.capabilities.declaring import DeclareCapability
from resolvers.people.token import CreateToken, create_token
from tests.harness.acting import act, faults, refusal
from tests.harness.apps import Apps
from tests.harness.calling import CALLED
from tests.harness.graphql import GraphQL
from tests.harness.tenants import Tenant
from tests.upstreams.faults import FaultServer


@pytest.fixture
def apps(hub, database, organization: Tenant) -> Apps:
    return Apps(hub=hub, database=database, tenant=organization)


@pytest.fixture
async def stock(organization: Tenant, upstream: FaultServer) -> str:
    """The id of an integration with a key in a header."""
    auth = {
        "type": "API_KEY",
        "apiBaseUrl": upstream.url,
        "headers": [{"name": "X-Who", "value": "${user.username}"}],
    }
    made = await act(
        organization.client, "createIntegration", {"name": "Stock", "auth": auth, "secret": {"apiKey": "k-4711-4711"}}
    )
    return made["id"]


async def records(apps: Apps) -> list[Dispatch]:
    async with apps.database.read() as session:
        mine = select(Dispatch).where(col(Dispatch.organization_id) == apps.tenant.id)
        return list((await session.execute(mine)).scalars())


async def run(client: GraphQL, integration_id: str, path: str = "/ok", **more: Any) -> dict[str, Any]:
    return await act(client, "proxyRequest", {"integration": {"id": integration_id}, "path": path, **more}, CALLED)


async def test_answers_as_a_dispatch_does(organization: Tenant, stock: str, upstream: FaultServer):
    headers = [{"name": "X-Trace", "value": "t"}]
    done = await run(organization.client, stock, "/ok?a=1", method="PUT", query={"b": 2}, headers=headers, body=["x"])

    (got,) = upstream.requests
    assert (got.method, got.target, got.body) == ("PUT", "/ok?a=1&b=2", b'["x"]')
    assert (got.header("X-API-Key"), got.header("X-Who"), got.header("X-Trace")) == (
        ["k-4711-4711"],
        ["admin"],
        ["t"],
    )
    assert done["response"] == {
        "status": 200,
        "contentType": "application/json",
        "json": {"ok": True},
        "text": None,
        "base64": None,
    }
    assert done["dispatch"]["outcome"] == "SUCCEEDED"
    assert done["dispatch"]["url"] == f"{upstream.url}/ok?a=***&b=***"
    assert done["replayed"] is False


async def test_a_failure_of_the_service_is_an_outcome(organization: Tenant, stock: str):
    done = await run(organization.client, stock, "/garbage", method="POST")

    assert (done["dispatch"]["outcome"], done["response"]) == ("UPSTREAM_FAILED", None)


async def test_the_same_key_sends_once(organization: Tenant, stock: str, upstream: FaultServer):
    first = await run(organization.client, stock, method="POST", idempotencyKey="k")
    again = await run(organization.client, stock, method="POST", idempotencyKey="k")

    assert again == {**first, "replayed": True}
    assert len(upstream.requests) == 1


async def test_names_what_cannot_be_sent(organization: Tenant, stock: str, upstream: FaultServer, apps: Apps):
    named = {"integration": {"id": stock}}

    assert await faults(organization.client, "proxyRequest", {**named, "path": "//evil.example"}) == ["input.path"]
    several = {"path": "/ok", "query": {"a": {}}, "headers": [{"name": "Host", "value": "x"}]}
    found = await faults(organization.client, "proxyRequest", {**named, **several})

    assert found == ["input.query.a", "input.headers.0"]
    assert upstream.connections == 0
    assert await records(apps) == []


@pytest.mark.parametrize("name", ["X_API_Key", "x_who", "Authorization_", "Content_Length", "X.API.Key"])
async def test_refuses_a_header_that_servers_could_take_for_another(
    name: str, organization: Tenant, stock: str, upstream: FaultServer
):
    asked = {"integration": {"id": stock}, "path": "/ok", "headers": [{"name": name, "value": "x"}]}

    assert await faults(organization.client, "proxyRequest", asked) == ["input.headers.0"]
    assert upstream.connections == 0


async def test_sends_one_header_of_those_that_servers_fold(organization: Tenant, stock: str, upstream: FaultServer):
    own = [{"name": "X_Who", "value": "owner"}, {"name": "X_Other", "value": "1"}]
    await act(organization.client, "updateIntegration", {"id": stock, "auth": {"headers": own}})

    await run(organization.client, stock, headers=[{"name": "X-Who", "value": "caller"}])

    (got,) = upstream.requests
    assert (got.header("X_Who"), got.header("X-Who"), got.header("X_Other")) == (["owner"], [], ["1"])


async def test_refuses_two_own_headers_that_servers_fold(organization: Tenant, stock: str):
    twins = {"headers": [{"name": "X_Key", "value": "1"}, {"name": "X-Key", "value": "2"}]}

    assert await faults(organization.client, "updateIntegration", {"id": stock, "auth": twins}) == [
        "input.auth.headers.1.name"
    ]


async def test_refuses_a_body_with_get(organization: Tenant, stock: str, upstream: FaultServer, apps: Apps):
    asked = {"integration": {"id": stock}, "path": "/ok", "body": "GET /stolen HTTP/1.1\r\n\r\n"}

    problem = await refusal(organization.client, "proxyRequest", asked)

    assert (problem["code"], problem["path"]) == ("INVALID_INPUT", ["input", "body"])
    assert problem["message"].endswith("A GET has no body; use POST, PUT or PATCH, or query.")
    assert upstream.connections == 0
    assert await records(apps) == []


async def test_names_the_integrations_header_that_cannot_be_filled(
    organization: Tenant, stock: str, graphql, apps: Apps, upstream: FaultServer
):
    wanted = {"name": "app", "permissions": ["PROXY_REQUEST"], "integrationId": stock}
    token = (await act(organization.client, "createToken", wanted, "secret"))["secret"]

    refused = await refusal(graphql(token), "proxyRequest", {"integration": {"id": stock}, "path": "/ok"})

    assert (refused["code"], refused["path"]) == ("INVALID_INPUT", ["input", "integration", "headers", "X-Who"])
    assert upstream.requests == []
    assert await records(apps) == []


async def test_not_through_the_app_of_another_organization(
    organization: Tenant, apps: Apps, new_organization, hub, database, upstream: FaultServer
):
    """An installer could have the publisher's token and headers sent to where they are told back."""
    others = Apps(hub=hub, database=database, tenant=await new_organization())
    run_it = DeclareCapability(name="RUN", method=HttpMethod.POST, endpoint=f"{upstream.url}/ok")
    foreign = await others.make("Vendor", run_it, app_token="publisher-token-4711")
    await apps.install(foreign, "VENDOR")

    asked = {"integration": {"id": foreign.id}, "path": "/echo"}
    problem = await refusal(organization.client, "proxyRequest", asked)

    assert (problem["code"], problem["permission"]) == ("FORBIDDEN", None)
    assert upstream.connections == 0


async def test_not_by_a_token_for_some_capabilities(
    apps: Apps, graphql, organization: Tenant, stock: str, upstream: FaultServer
):
    app = await apps.make("App", DeclareCapability(name="RUN", method=HttpMethod.POST, endpoint=f"{upstream.url}/ok"))
    (capability,) = await capability_ids(apps, app.id)
    new = CreateToken(
        name="narrow",
        permissions=[Permission.PROXY_REQUEST],
        principal_id=organization.admin_id,
        allowed_capability_ids=[capability],
    )
    narrow = graphql((await apps.hub.run(create_token(apps._admin, new))).secret)

    problem = await refusal(narrow, "proxyRequest", {"integration": {"id": stock}, "path": "/ok"})

    assert problem["code"] == "FORBIDDEN"
    assert upstream.connections == 0


async def capability_ids(apps: Apps, integration_id: str) -> list[str]:
    async with apps.database.read() as session:
        mine = select(col(Capability.id)).where(col(Capability.integration_id) == integration_id)
        return list((await session.execute(mine)).scalars())


BYTES = bytes(range(256))
BASE64 = b64encode(BYTES).decode()


async def test_sends_bytes_as_they_are(organization: Tenant, stock: str, upstream: FaultServer):
    pdf = [{"name": "Content-Type", "value": "application/pdf"}]

    await run(organization.client, stock, method="POST", bodyBase64=BASE64)
    await run(organization.client, stock, method="PUT", bodyBase64=BASE64, headers=pdf)
    await run(organization.client, stock, method="PATCH", bodyBase64="")

    assert [(got.body, got.header("Content-Type")) for got in upstream.requests] == [
        (BYTES, ["application/octet-stream"]),
        (BYTES, ["application/pdf"]),
        (b"", ["application/octet-stream"]),
    ]


async def test_bytes_of_an_upload_are_the_same_input_as_in_base64(
    organization: Tenant, stock: str, upstream: FaultServer, http
):
    promised = await act(organization.client, "createUpload", {"purpose": "FILE", "size": 256}, "uploadId url")
    await http.put(promised["url"], content=BYTES, headers={"Authorization": f"Bearer {organization.token}"})
    again = {"method": "POST", "idempotencyKey": "k"}

    first = await run(organization.client, stock, bodyUploadId=promised["uploadId"], **again)
    second = await run(organization.client, stock, bodyBase64=BASE64, **again)
    other = await refusal(
        organization.client,
        "proxyRequest",
        {"integration": {"id": stock}, "path": "/ok", "bodyBase64": "YQ==", **again},
    )

    assert (first["replayed"], second["replayed"], other["code"]) == (False, True, "CONFLICT")
    assert [got.body for got in upstream.requests] == [BYTES]


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"bodyBase64": "a"}, "bodyBase64"),
        ({"bodyBase64": "YQ==", "body": "a"}, "body"),
        ({"bodyBase64": "YQ==", "bodyUploadId": "f" * 24}, "body"),
        ({"bodyBase64": "YQ==", "method": "HEAD"}, "body"),
        ({"bodyUploadId": "f" * 24, "method": "GET"}, "body"),
    ],
)
async def test_refuses_bytes_that_cannot_be_sent(organization: Tenant, stock: str, upstream, more, place):
    asked = {"integration": {"id": stock}, "path": "/ok", "method": "POST", **more}

    assert await faults(organization.client, "proxyRequest", asked) == [f"input.{place}"]
    assert upstream.connections == 0


async def test_an_upload_that_is_gone_is_not_found(organization: Tenant, stock: str, upstream: FaultServer):
    asked = {"integration": {"id": stock}, "path": "/ok", "method": "POST", "bodyUploadId": "f" * 24}

    refused = await refusal(organization.client, "proxyRequest", asked)

    assert (refused["code"], refused["path"]) == ("NOT_FOUND", ["input", "bodyUploadId"])
    assert upstream.connections == 0
