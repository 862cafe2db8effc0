"""Integrations whose deletion has begun, and what the record says of manifests."""

from __future__ import annotations

from tests.harness.acting import act
from tests.harness.backends import both
from tests.harness.calling import capability

LIST = "query ($state: [IntegrationState!]) { integrations(filter: { state: $state }) { nodes { name } } }"
DECLARED = """{ auditEntries(filter: { action: ["integration.capabilities_declared"] }) {
    nodes { changes { path oldValue newValue } } } }"""


async def names(client, *states: str) -> list[str]:
    found = await client.query(LIST, state=list(states) or None)
    return [node["name"] for node in found["integrations"]["nodes"]]


@both
async def test_removed_integrations_are_listed_by_their_state_only(organization, new_organization):
    made = await act(organization.client, "createIntegration", {"name": "Gone"})
    stranger = await new_organization()

    await organization.client.query(
        "mutation ($id: ID!) { deleteIntegration(id: $id) { __typename } }", id=made["id"]
    )

    assert await names(organization.client) == []
    assert await names(organization.client, "LIVE") == []
    assert await names(organization.client, "DELETING", "DELETED") == ["Gone"]
    assert await names(stranger.client, "DELETING", "DELETED") == []


async def test_the_record_of_a_manifest_says_what_changed(organization):
    shop = (await act(organization.client, "createIntegration", {"name": "Shop"}))["id"]
    first = [capability("KEPT", "GET", "https://a.example/k"), capability("GONE", "GET", "https://a.example/g")]
    second = [capability("KEPT", "GET", "https://a.example/k"), capability("NEW", "GET", "https://a.example/n")]

    for manifest in (first, second):
        given = {"integrationId": shop, "capabilities": manifest}
        await act(organization.client, "declareCapabilities", given)

    (newest, _) = (await organization.client.query(DECLARED))["auditEntries"]["nodes"]
    told = {change["path"]: (change["oldValue"], change["newValue"]) for change in newest["changes"]}
    assert list(told) == ["capabilities.GONE", "capabilities.NEW"]
    assert told["capabilities.GONE"][0]["endpoint"] == "https://a.example/g"
    assert told["capabilities.GONE"][1] is None
    assert told["capabilities.NEW"][1]["endpoint"] == "https://a.example/n"
