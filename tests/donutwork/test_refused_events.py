"""Events that are refused: not declared, not well formed, not allowed. Nothing comes of them."""

from __future__ import annotations

import pytest

from models.vocabulary import Permission
from tests.donutwork.conftest import Donut, refused
from tests.donutwork.test_events import SENT, events
from tests.harness.apps import Apps
from tests.harness.tenants import Tenant


@pytest.fixture(scope="module")
async def apps(new_lasting_apps) -> Apps:
    """One organization for all."""
    apps = await new_lasting_apps()
    await apps.make("Slack", events=["Slack.MESSAGE_SENT"])
    await apps.make("Other", events=["Other.MESSAGE_SENT"])
    return apps


@pytest.fixture(scope="module")
def organization(apps: Apps) -> Tenant:
    return apps.tenant


@pytest.mark.parametrize(
    "path",
    [
        "/integrations/SLACK/events/Slack.UNKNOWN/emit.json",
        "/integrations/SLACK/events/Slack.message_sent/emit.json",
        "/integrations/SLACK/events/Other.MESSAGE_SENT/emit.json",
        "/integrations/SLACK/events/Slack./emit.json",
        "/integrations/slack/events/Slack.MESSAGE_SENT/emit.json",
        "/integrations/NOWHERE/events/Slack.MESSAGE_SENT/emit.json",
        "/integrations/SLACK/events/Slack.MESSAGE_SENT/emit",
        "/integrations/SLACK/events/Slack.MESSAGE_SENT.json",
    ],
)
async def test_does_not_know_an_event_that_was_not_declared(path: str, client: Donut, apps: Apps):
    refused(await client("POST", path, {}), 404)

    assert await events(apps) == []


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"metadata": []}, "metadata: It must be a JSON object."),
        ({"metadata": "text"}, "metadata: It must be a JSON object."),
        ({"metadata": [], "entity_id": 5}, "metadata: It must be a JSON object. entity_id: It must be text."),
        ({"entity_id": 5}, "entity_id: It must be text."),
        ({"entity_id": ""}, "entity_id: It must not be empty."),
        ({"entity_id": "x" * 256}, "entity_id: It must not be longer than 255 characters."),
        ([], "The body must be a JSON object."),
    ],
)
async def test_refuses_a_wrong_body(body, sentence: str, client: Donut, apps: Apps):
    assert refused(await client("POST", SENT, body), 400) == sentence
    assert await events(apps) == []


async def test_needs_the_permission_to_emit(donut, apps: Apps):
    everything_else = [word for word in Permission if word is not Permission.EVENTS_EMIT]
    mute = donut(await apps.tenant.issue(*everything_else))

    assert refused(await mute("POST", SENT, {}), 403) == "This needs the permission EVENTS_EMIT."
    assert await events(apps) == []
