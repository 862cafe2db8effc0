"""Templates in headers: an author sends on what they may read themselves, and a foreign app what everybody may."""

from __future__ import annotations

import pytest

from models.vocabulary import HttpMethod, Permission
from resolvers.capabilities.manifest import DeclareCapability
from tests.harness.acting import act as make
from tests.harness.acting import refusal
from tests.harness.apps import Apps
from tests.harness.rows import changes, snapshot

AUTHOR = (Permission.INTEGRATIONS_READ, Permission.INTEGRATIONS_WRITE)
AUTH = {"type": "NONE", "apiBaseUrl": "http://127.0.0.1:9"}


def auth(value: str) -> dict:
    return {"auth": AUTH | {"headers": [{"name": "X-Who", "value": value}]}}


@pytest.fixture
async def author(organization):
    """A client that may write integrations and not read the organization."""
    await organization.add_user("ada", *AUTHOR)
    return await organization.signed_in(*AUTHOR, username="ada")


@pytest.mark.parametrize("name", ["tenant.plan", "user.email", "user.id", "user.salary"])
async def test_an_author_names_no_fact_that_they_may_not_read(name, author, organization, database):
    made = await make(author, "createIntegration", {"name": "Open", "auth": AUTH})
    before = await snapshot(database, organization.id)

    refused = [
        await refusal(author, "createIntegration", {"name": "New"} | auth(f"a ${{{name}}}")),
        await refusal(author, "updateIntegration", {"id": made["id"]} | auth(f"${{tenant.id}} ${{{name}}}")),
    ]

    sentence = f"The header X-Who tells the API ${{{name}}}, which you may not read: this needs the permission"
    assert {one["code"] for one in refused} == {"FORBIDDEN"}
    assert {one["permission"] for one in refused} == {"ORGANIZATION_READ"}
    assert {one["message"] for one in refused} == {f"{sentence} ORGANIZATION_READ."}
    assert changes(before, await snapshot(database, organization.id)) == ["+ audit_entry"] * 2


async def test_an_author_leads_no_such_fact_elsewhere(author, organization, database):
    made = await make(organization.client, "createIntegration", {"name": "Theirs"} | auth("${user.email}"))
    elsewhere = {"id": made["id"], "auth": {"apiBaseUrl": "http://127.0.0.1:10"}}

    refused = await refusal(author, "updateIntegration", elsewhere)
    renamed = await make(author, "updateIntegration", {"id": made["id"], "name": "Renamed"}, "name")

    assert (refused["code"], refused["permission"]) == ("FORBIDDEN", "ORGANIZATION_READ")
    assert renamed["name"] == "Renamed"


async def test_headers_given_again_name_no_such_fact_at_another_origin(author, organization, upstream, database):
    made = await make(organization.client, "createIntegration", {"name": "Theirs"} | auth("${user.username}"))
    run_it = {"name": "RUN", "method": "POST", "endpoint": f"{upstream.url}/ok"}
    manifest = {"integrationId": made["id"], "capabilities": [run_it]}
    handler = (await make(author, "declareCapabilities", manifest, "handler"))["handler"]
    same = {"id": made["id"], "auth": {"headers": [{"name": "X-Who", "value": "${user.username}"}]}}

    refused = await refusal(author, "updateIntegration", same)
    run = {"capability": {"named": {"handler": handler, "name": "RUN"}}}
    called = await refusal(organization.client, "dispatch", run)

    assert (refused["code"], refused["permission"]) == ("FORBIDDEN", "ORGANIZATION_READ")
    assert (called["reason"], upstream.requests) == ("ADDRESS_CHANGED", [])


async def test_a_change_on_the_same_origin_tells_nobody_anything_new(author, organization):
    made = await make(organization.client, "createIntegration", {"name": "Theirs"} | auth("${user.email}"))
    path = {"id": made["id"], "auth": {"apiBaseUrl": "http://127.0.0.1:9/v2"}}

    changed = await make(author, "updateIntegration", path, "auth { apiBaseUrl }")

    assert changed["auth"]["apiBaseUrl"] == "http://127.0.0.1:9/v2"


async def test_public_facts_are_for_every_author(author):
    assert await make(author, "createIntegration", {"name": "A"} | auth("${tenant.id} ${tenant.slug} ${tenant.name}"))


async def test_a_foreign_app_is_told_public_facts_only(organization, new_organization, hub, database, upstream):
    others = Apps(hub=hub, database=database, tenant=await new_organization())
    run_it = DeclareCapability(name="RUN", method=HttpMethod.POST, endpoint=f"{upstream.url}/ok")
    foreign = await others.make("Vendor", run_it, app_token="publisher-token-4711")
    await Apps(hub=hub, database=database, tenant=organization).install(foreign, "VENDOR")
    told = []
    for value in ("${tenant.slug}", "${user.username}"):
        given = {"id": foreign.id, "auth": {"headers": [{"name": "X-Who", "value": value}]}}
        await make(others.tenant.client, "updateIntegration", given)
        run = {"capability": {"named": {"handler": "VENDOR", "name": "RUN"}}}
        document = """mutation($i: DispatchInput!) { dispatch(input: $i) {
          __typename ... on Problem { code } } }"""
        told.append((await organization.client.query(document, i=run))["dispatch"])

    assert told == [{"__typename": "DispatchPayload"}, {"__typename": "InvalidInput", "code": "INVALID_INPUT"}]
    assert [request.header("X-Who") for request in upstream.requests] == [[organization.slug]]
