"""The record of changes: old and new values, secrets masked; and nothing of what was rolled back."""

from __future__ import annotations

from models.row import new_id
from models.tables import ConnectSession
from models.vocabulary import ConnectionMode
from resolvers.changes import changes_of
from resolvers.connections.mutations import UpdateConnection, update_connection
from resolvers.installations.mutations import UpdateInstallation, update_installation
from resolvers.integrations.auth import IntegrationAuth
from resolvers.integrations.change import UpdateIntegration
from resolvers.integrations.mutations import update_integration
from resolvers.secret import Secret
from tests.harness.backends import both
from tests.harness.rows import added, changes, snapshot

pytestmark = both
TEN = "mutation {{ {} }}"
ONE = '{}: createIntegration(input: {{name: "{}", handler: "{}"}}) {{ __typename ... on Problem {{ path }} }}'
HALF_DONE = """
mutation {
  createIntegration(input: {
    name: "Half", secret: {apiKey: "k"}, capabilities: [{name: "DO", method: GET, endpoint: "/no-base"}]
  }) { __typename ... on Problem { path } }
}
"""


async def recorded(database, estate, operation, command):
    """The one entry that a change of an estate makes."""
    before = await snapshot(database, estate.tenant.id)
    await estate.run(operation, command)
    (entry,) = added(before, await snapshot(database, estate.tenant.id), "audit_entry")
    return entry


async def test_records_old_and_new_values(estate, database):
    app = estate.integration

    entry = await recorded(database, estate, update_integration, UpdateIntegration(id=app.id, description="New"))

    assert entry["changes"] == [{"path": "description", "oldValue": "", "newValue": "New"}]
    assert (entry["resource_type"], entry["resource_id"], entry["resource_name"]) == ("Integration", app.id, app.name)
    assert entry["integration_id"] == app.id


async def test_records_that_a_secret_changed_and_nothing_of_it(estate, database):
    auth = IntegrationAuth(client_secret="another-one-entirely", headers=None)

    entries = [
        await recorded(database, estate, update_integration, UpdateIntegration(id=estate.integration.id, auth=auth)),
        await recorded(
            database,
            estate,
            update_installation,
            UpdateInstallation(id=estate.installation.id, configuration={"a": 1}),
        ),
        await recorded(
            database,
            estate,
            update_connection,
            UpdateConnection(id=estate.shared.id, secret=Secret(api_key="k" * 16)),
        ),
    ]

    masked = [
        (change["path"], change["oldValue"], change["newValue"])
        for entry in entries
        for change in entry["changes"]
        if "***" in change.values()
    ]
    assert masked == [
        ("client_secret", "***", "***"),
        ("headers", "***", None),
        ("configuration", "***", "***"),
        ("secret", "***", "***"),
    ]
    assert estate.shared.mode is ConnectionMode.SHARED


async def test_leaves_out_the_columns_that_say_so():
    session = ConnectSession(
        organization_id=new_id(), link_digest="d", browser_digest="d", return_url="https://a.example", expires_at=7
    )

    told = {change["path"]: change["newValue"] for change in changes_of(session)}

    assert told == {"status": "OPEN", "return_url": "https://a.example", "expires_at": 7}


async def test_a_refusal_half_way_leaves_nothing_behind(estate, database):
    before = await snapshot(database, estate.tenant.id)

    answer = await estate.tenant.client.query(HALF_DONE)

    refusal = {"__typename": "InvalidInput", "path": ["input", "capabilities", "0", "endpoint"]}
    assert answer["createIntegration"] == refusal
    assert changes(before, await snapshot(database, estate.tenant.id)) == []


async def test_one_refused_of_ten_mutations_leaves_the_others(organization, database):
    handlers = [f"H{number}" for number in range(9)]
    calls = [ONE.format(f"m{index}", "App", handler) for index, handler in enumerate([*handlers, "H4"])]

    answer = await organization.client.query(TEN.format(" ".join(calls)))

    assert [one["__typename"] for one in answer.values()] == ["IntegrationPayload"] * 9 + ["Conflict"]
    assert answer["m9"]["path"] == ["input", "handler"]
    rows = (await snapshot(database, organization.id))["integration"]
    assert sorted(row["handler"] for row in rows.values()) == handlers
