"""Webhooks of this dialect: wrapped, one event or several, the secret as `token`, shown once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.donutwork.conftest import Donut, refused
from tests.harness.apps import Apps
from tests.harness.rows import changes, snapshot

URL = "https://receiver.example.com/in"


def wrapped(**members: Any) -> dict[str, Any]:
    return {"webhook": {"name": "Hook", "url": URL, "events": ["Shop.PAID"]} | members}


async def test_makes_one_and_shows_its_token_once(client: Donut, apps: Apps):
    await apps.make("Shop", events=["Shop.PAID", "Shop.SENT"])

    made = await client.ok("POST", "/webhooks.json", wrapped(events="Shop.PAID"))
    other = await client.ok("POST", "/webhooks.json", wrapped(description=None, events=["Shop.*", "Hub.*"]))
    page = await client.ok("GET", "/webhooks.json?size=1")

    assert made | {"id": "", "token": ""} == {
        "id": "",
        "name": "Hook",
        "description": "",
        "url": URL,
        "events": ["Shop.PAID"],
        "token": "",
    }
    assert made["token"].startswith("whsec_")
    assert page == {
        "entities": "Webhook",
        "count": 2,
        "per_page": 1,
        "pages": {"current": 1, "max": 2},
        "elements": [other | {"token": "redacted"}],
    }


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, "webhook"),
        ({"webhook": "https://receiver.example.com"}, "webhook"),
        ({"webhook": {"url": URL, "events": ["Shop.PAID"]}}, "webhook.name"),
        (wrapped(url=None), "webhook.url"),
        (wrapped(url="http:/receiver"), "webhook.url"),
        (wrapped(url=7), "webhook.url"),
        (wrapped(events=None), "webhook.events"),
        (wrapped(events=[]), "webhook.events"),
        (wrapped(events=[7]), "webhook.events"),
        (wrapped(events={"a": 1}), "webhook.events"),
        (wrapped(events=["Shop.PIAD"]), "webhook.events.0"),
        (wrapped(description=["x"]), "webhook.description"),
    ],
)
async def test_refuses_a_faulty_one_by_its_place(client: Donut, apps: Apps, body: Any, place: str):
    await apps.make("Shop", events=["Shop.PAID"])
    before = await snapshot(apps.database, apps.tenant.id)

    sentence = refused(await client("POST", "/webhooks.json", body), 400)

    assert sentence.startswith(f"{place}: ")
    assert changes(before, await snapshot(apps.database, apps.tenant.id)) == []
