"""Making, changing, listing and removing webhooks over the graph; every refused value, with nothing written."""

from __future__ import annotations

from models.row import is_id
from tests.harness.backends import both
from tests.webhooks.acting import URL, create, read

pytestmark = both
DEFAULTS = {
    "name": "Hook",
    "description": "",
    "url": URL,
    "eventTypePatterns": ["*"],
    "filter": None,
    "ordering": "NONE",
    "orderFailure": "BLOCK",
    "concurrency": 10,
    "rateLimit": None,
    "timeoutSeconds": 15,
    "enabled": True,
    "disabledReason": None,
    "disabledAt": None,
    "breaker": "CLOSED",
    "breakerRetryAt": None,
    "failingSince": None,
    "secretOverlapUntil": None,
    "secretCount": 1,
    "catchingUp": False,
    "heldCount": 0,
    "filterFaultCount": 0,
    "filterFault": None,
    "version": 1,
    "integration": None,
    "headers": [],
}


async def test_makes_a_webhook_with_the_documented_defaults(client, organization) -> None:
    made = await create(client)

    assert made | DEFAULTS == made
    assert is_id(made["databaseId"])
    assert made["createdBy"]["username"]
    assert made["secret"].startswith("whsec_")
    assert [made[word] for word in ("filterTried", "filterMatches", "headersDropped", "narrowed")] == [
        None,
        None,
        False,
        False,
    ]
    assert await read(client, made["id"]) == {name: made[name] for name in await read(client, made["id"])}
