"""testWebhook: one event at once, the whole exchange shown, nothing recorded; a success may enable."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from sqlalchemy import func, select, update
from sqlmodel import col

from models.row import now_ms
from models.tables import Attempt, Delivery, Event, Gate, Webhook
from models.vocabulary import BreakerState, HubEvent, Permission
from proxy.signing import signature
from resolvers.events.hub_events import HUB_EVENTS
from tests.harness.acting import PROBLEM
from tests.upstreams.canned import reply
from tests.webhooks.acting import create, read

SHOWN = """succeeded sentence url headers { name value } body externalStatus responseExcerpt failure latencyMs enabled
  breakerClosed webhook { enabled breaker version }"""
#: Matches no event, so that only tests are sent.
QUIET = {"eventTypePatterns": ["Hub.webhook.test"]}


async def ask(client: Any, id: str, **more: Any) -> dict[str, Any]:
    document = f"""mutation($input: TestWebhookInput!) {{ testWebhook(input: $input) {{ __typename
      ... on TestWebhookPayload {{ {SHOWN} }} {PROBLEM} }} }}"""
    return (await client.query(document, input={"id": id, **more}))["testWebhook"]


async def put(database: Any, made: dict[str, Any], *, opens_at: int | None = None, **values: Any) -> None:
    async with database.write() as session:
        row = made["databaseId"]
        await session.execute(update(Webhook).where(col(Webhook.id) == row).values(**values))
        await session.execute(update(Gate).where(col(Gate.id) == row).values(opens_at=opens_at))


async def gate(database: Any, made: dict[str, Any]) -> Gate:
    async with database.read() as session:
        return await session.get(Gate, made["databaseId"])


async def test_shows_the_whole_exchange_masked_and_records_nothing(organization, database, upstream) -> None:
    headers = [{"name": "X-Key", "value": "planted"}]
    made = await create(organization.client, url=f"{upstream.url}/ok?key=planted", headers=headers, **QUIET)

    shown = await ask(organization.client, made["id"])

    (received,) = upstream.requests
    message_id, timestamp = received.header("webhook-id")[0], int(received.header("webhook-timestamp")[0])
    signed = signature([made["secret"]], message_id, timestamp, received.body)
    assert received.header("webhook-signature") == [signed]
    assert (shown["succeeded"], shown["externalStatus"], shown["failure"]) == (True, 200, None)
    assert (shown["responseExcerpt"], shown["url"]) == ('{"ok":true}', f"{upstream.url}/ok?key=***")
    assert shown["sentence"] == "The receiver answered 200: it takes events."
    assert shown["body"].encode() == received.body
    body = orjson.loads(received.body)
    assert (body["type"], body["entityId"], body["sequence"]) == ("Hub.webhook.test", made["databaseId"], 0)
    assert list(body["data"]) == list(HUB_EVENTS[HubEvent.WEBHOOK_TEST].example)
    masked = {pair["name"]: pair["value"] for pair in shown["headers"]}
    assert (masked["X-Key"], masked["webhook-signature"]) == ("***", "***")
    assert [masked["webhook-id"]] == received.header("webhook-id")
    async with database.read() as session:
        for model in (Delivery, Attempt):
            mine = select(func.count()).select_from(model).where(model.organization_id == organization.id)
            assert (await session.execute(mine)).scalar_one() == 0
        types = select(col(Event.type)).where(col(Event.organization_id) == organization.id)
        assert "Hub.webhook.test" not in (await session.execute(types)).scalars().all()


async def test_a_success_enables_a_disabled_webhook_if_that_is_asked(organization, database, upstream) -> None:
    made = await create(organization.client, url=f"{upstream.url}/ok", enabled=False, **QUIET)

    plain = await ask(organization.client, made["id"])
    asked = await ask(organization.client, made["id"], enableOnSuccess=True)

    assert (plain["succeeded"], plain["enabled"], plain["webhook"]["enabled"]) == (True, False, False)
    assert (asked["enabled"], asked["webhook"]["enabled"]) == (True, True)
    assert asked["webhook"]["version"] == made["version"] + 1
    assert (await gate(database, made)).opens_at == 0
    assert (await read(organization.client, made["id"]))["disabledReason"] is None


async def test_a_failure_enables_nothing_and_counts_nowhere(organization, database, upstream) -> None:
    upstream.answers["/hook"] = reply(b"no", status="500 No")
    made = await create(organization.client, url=f"{upstream.url}/hook", enabled=False, **QUIET)

    shown = await ask(organization.client, made["id"], enableOnSuccess=True)

    after = await read(organization.client, made["id"])
    assert (shown["succeeded"], shown["externalStatus"], shown["failure"]) == (False, 500, "ERROR_STATUS")
    assert (shown["responseExcerpt"], shown["enabled"]) == ("no", False)
    assert (after["enabled"], after["failingSince"], after["version"]) == (False, None, made["version"])
    assert (await gate(database, made)).opens_at is None


async def test_410_is_told_without_saying_that_the_test_disabled_anything(organization, upstream) -> None:
    upstream.answers["/hook"] = reply(b"", status="410 Gone")
    made = await create(organization.client, url=f"{upstream.url}/hook", **QUIET)

    shown = await ask(organization.client, made["id"])

    assert (shown["succeeded"], shown["webhook"]["enabled"]) == (False, True)
    assert "410 Gone" in shown["sentence"]
    assert "was disabled" not in shown["sentence"]


@pytest.mark.parametrize("breaker", [BreakerState.OPEN, BreakerState.HALF_OPEN])
async def test_a_success_closes_the_breaker_a_failure_leaves_it(organization, database, upstream, breaker) -> None:
    upstream.answers["/hook"] = reply(b"", status="503 Later")
    made = await create(organization.client, url=f"{upstream.url}/hook", **QUIET)
    later = now_ms() + 1_800_000
    await put(database, made, opens_at=later, breaker=breaker, breaker_until=later, failures=12, failing_since=1)

    failed = await ask(organization.client, made["id"])
    untouched = await gate(database, made)
    upstream.answers["/hook"] = reply(b"")
    succeeded = await ask(organization.client, made["id"])

    assert (failed["webhook"]["breaker"], failed["breakerClosed"], untouched.opens_at) == (breaker, False, later)
    assert (succeeded["webhook"]["breaker"], succeeded["breakerClosed"]) == ("CLOSED", True)
    opened = await gate(database, made)
    assert (opened.opens_at, opened.capacity) == (0, 1)
    assert (await read(organization.client, made["id"]))["failingSince"] is None


async def test_an_address_that_the_egress_refuses_is_a_failure_without_an_address(organization, database) -> None:
    made = await create(organization.client, **QUIET)
    await put(database, made, opens_at=0, url="http://10.1.2.3/inner")

    shown = await ask(organization.client, made["id"])

    assert (shown["succeeded"], shown["failure"], shown["externalStatus"]) == (False, "BLOCKED", None)
    assert "10.1.2.3" not in shown["sentence"]


async def test_needs_the_permission_and_a_webhook_of_the_organization(organization, new_organization) -> None:
    made = await create(organization.client, **QUIET)

    reader = await ask(await organization.signed_in(Permission.WEBHOOKS_READ), made["id"])
    stranger = await ask((await new_organization()).client, made["id"])

    assert (reader["code"], reader["permission"]) == ("FORBIDDEN", "WEBHOOKS_WRITE")
    assert (stranger["code"], stranger["path"]) == ("NOT_FOUND", ["input", "id"])
