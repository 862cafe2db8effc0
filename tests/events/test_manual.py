"""The manual names every event of the hub, with the example that its announcements are held against."""

from __future__ import annotations

import json
import re
from pathlib import Path

from models.vocabulary import HubEvent
from resolvers.events.hub_events import HUB_EVENTS

PAGE = Path(__file__).parents[2] / "docs" / "events.md"
_ROW = re.compile(r"^\| `(Hub\.[\w.]+)` \| (.+) \| (.+) \| `(\{.*\})` \|$", re.MULTILINE)


def test_the_manual_has_every_event_of_the_hub_with_its_example():
    rows = [
        (name, when, entity, json.loads(example)) for name, when, entity, example in _ROW.findall(PAGE.read_text())
    ]

    assert [row[0] for row in rows] == list(HubEvent)
    assert rows == [(str(name), one.when, one.entity, one.example) for name, one in HUB_EVENTS.items()]
