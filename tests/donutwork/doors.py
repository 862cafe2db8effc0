"""A call to each endpoint."""

from __future__ import annotations

from models.vocabulary import Permission
from tests.donutwork.conftest import refused
from tests.harness.roles import Right
from tests.rest.doors import Door, Doors

_V = "/2026-02-01"
_ONE = f"{_V}/integrations/STOCK"

DOORS = Doors(
    refused=refused,
    closed="Invalid token",
    doors=(
        Door(method="GET", path=f"{_V}/ping.json", needs=None, right=Right.ANYONE),
        Door(method="GET", path=f"{_V}/connection.json", needs=None, right=Right.ANYONE),
        Door(method="GET", path=f"{_V}/integrations.json", needs=Permission.INTEGRATIONS_READ, right=Right.ANYONE),
        Door(
            method="PUT",
            path=f"{_V}/integrations.json",
            needs=Permission.INTEGRATIONS_WRITE,
            right=Right.CHANGING,
            of_apps=True,
            sent={"json": {"capabilities": []}},
        ),
        Door(method="GET", path=f"{_ONE}.json", needs=Permission.INTEGRATIONS_READ),
        Door(method="GET", path=f"{_ONE}/GET.json", needs=Permission.DISPATCH_READ),
        Door(method="POST", path=f"{_ONE}/POST.json", needs=Permission.DISPATCH_WRITE),
        Door(method="PUT", path=f"{_ONE}/PUT.json", needs=Permission.DISPATCH_WRITE),
        Door(method="DELETE", path=f"{_ONE}/DELETE.json", needs=Permission.DISPATCH_WRITE),
        Door(method="POST", path=f"{_ONE}/events/Stock.GONE/emit.json", needs=Permission.EVENTS_EMIT),
        Door(
            method="POST",
            path=f"{_V}/workflow/{{flow}}.json",
            needs=Permission.FLOWS_RUN,
            sent={"json": {"data": {}}},
        ),
        Door(method="GET", path=f"{_V}/webhooks.json", needs=Permission.WEBHOOKS_READ, right=Right.ANYONE),
        Door(
            method="POST",
            path=f"{_V}/webhooks.json",
            needs=Permission.WEBHOOKS_WRITE,
            right=Right.ANYONE,
            sent={"json": {"webhook": {"name": "Hook", "url": "https://receiver.example.com/", "events": "Hub.*"}}},
        ),
    ),
)
