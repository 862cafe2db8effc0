"""The list of workflows: flows by name, with the number of their steps."""

from __future__ import annotations

from models.vocabulary import Permission
from tests.harness.acting import act, row_id


async def test_lists_flows_with_the_number_of_their_steps(organization, http):
    client, text = organization.client, await organization.issue(Permission.FLOWS_READ)
    made = await act(client, "createIntegration", {"name": "App", "auth": {"apiBaseUrl": "https://api.example"}})
    own = {"integrationId": made["id"], "request": {"path": "/x"}, "direction": "IMPORT"}
    steps = [(await act(client, "createStep", {"name": name} | own))["id"] for name in "ab"]
    flow = {"trigger": {"manual": True}, "steps": [{"stepId": one} for one in steps]}
    second = await act(client, "createFlow", {"name": "Second", "description": "Of two"} | flow, "flow { id }")
    first = {"name": "First", "trigger": {"manual": True}, "steps": [], "enabled": False}
    first = await act(client, "createFlow", first, "flow { id }")

    headers = {"Authorization": f"Bearer {text}"}
    answer = await http.get("/donutwork/2026-02-01/workflow.json", headers=headers)

    found = answer.json()
    ids = [row_id(one["flow"]["id"]) for one in (first, second)]
    assert (answer.status_code, found["entities"], found["count"]) == (200, "Workflow", 2)
    assert found["elements"] == [
        {"id": ids[0], "name": "First", "active": False, "tasks_count": 0, "description": ""},
        {"id": ids[1], "name": "Second", "active": True, "tasks_count": 2, "description": "Of two"},
    ]
