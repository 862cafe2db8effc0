"""Emitting events."""

from __future__ import annotations

import pytest
from sqlmodel import col, select

from models.tables import Event
from models.vocabulary import Source
from tests.donutwork.conftest import Donut, refused
from tests.harness.apps import Apps

SENT = "/integrations/SLACK/events/Slack.MESSAGE_SENT/emit.json"


@pytest.fixture(autouse=True)
async def slack(apps: Apps) -> None:
    await apps.make("Slack", events=["Slack.MESSAGE_SENT"])
    await apps.make("Other", events=["Other.MESSAGE_SENT"])


async def events(apps: Apps) -> list[Event]:
    """The events of apps, oldest first: not those of the hub."""
    async with apps.database.read() as session:
        emitted = col(Event.organization_id) == apps.tenant.id, col(Event.source) != Source.HUB
        return list((await session.execute(select(Event).where(*emitted).order_by(col(Event.id)))).scalars())


async def test_accepts_an_event(client: Donut, apps: Apps):
    body = {"metadata": {"message_id": "m1", "deep": {"a": [1]}}, "entity_id": "order 7"}

    answer = await client.ok("POST", SENT, body)

    assert answer == {
        "success": True,
        "app_handler": "SLACK",
        "event": "Slack.MESSAGE_SENT",
        "queued_workflows": 0,
    }
    (event,) = await events(apps)
    assert (event.type, event.entity_id, event.payload) == ("Slack.MESSAGE_SENT", "order 7", body["metadata"])
    assert event.source is Source.DONUTWORK


@pytest.mark.parametrize("body", [None, {}, {"metadata": None, "entity_id": None}])
async def test_needs_no_metadata_and_takes_the_handler_as_entity(body, client: Donut, apps: Apps):
    await client.ok("POST", SENT, body)

    (event,) = await events(apps)
    assert (event.payload, event.entity_id) == ({}, "SLACK")


@pytest.mark.parametrize("written", ["SLACK.MESSAGE_SENT", "slack.MESSAGE_SENT", "sLaCk.MESSAGE_SENT"])
async def test_compares_the_prefix_without_case_and_echoes_it(written: str, client: Donut, apps: Apps):
    answer = await client.ok("POST", f"/integrations/SLACK/events/{written}/emit.json")

    assert answer["event"] == written
    assert [event.type for event in await events(apps)] == ["Slack.MESSAGE_SENT"]


async def test_the_same_key_makes_one_event(client: Donut, apps: Apps):
    first = await client.ok("POST", SENT, {"metadata": {"n": 1}}, key="k1")
    again = await client.ok("POST", SENT, {"metadata": {"n": 1}}, key="k1")
    sentence = refused(await client("POST", SENT, {"metadata": {"n": 2}}, key="k1"), 409)
    await client.ok("POST", SENT, {"metadata": {"n": 2}}, key="k2")

    assert first == again
    assert sentence == "This key was used with another input; use a new key."
    assert [event.payload for event in await events(apps)] == [{"n": 1}, {"n": 2}]


async def test_refuses_metadata_beyond_256_kb_and_keeps_none_of_it(client: Donut, apps: Apps):
    sentence = refused(await client("POST", SENT, {"metadata": {"a": "x" * (256 * 1024 - 7)}}), 413)

    assert "It has 262145 bytes" in sentence
    assert await events(apps) == []


async def test_an_installer_emits_for_a_foreign_app_on_its_own_organization(client: Donut, apps: Apps, others: Apps):
    foreign = await others.make("Crm", events=["Crm.WON"])
    await apps.install(foreign, "CRM_2")

    answer = await client.ok("POST", "/integrations/CRM_2/events/Crm.WON/emit.json")

    assert answer["app_handler"] == "CRM_2"
    assert [(event.type, event.entity_id) for event in await events(apps)] == [("Crm.WON", "CRM_2")]
    assert await events(others) == []
