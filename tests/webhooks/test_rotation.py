"""Rotating the signing secret: several sign at once, each until its end; none is shown again."""

from __future__ import annotations

import base64
import time
from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from sqlalchemy import update
from sqlmodel import col
from standardwebhooks import Webhook as Receiver
from standardwebhooks import WebhookVerificationError

from models.secret_column import secret_place
from models.tables import Webhook
from resolvers.webhooks.secrets import live_secrets
from tests.harness.acting import listed as listed_in
from tests.harness.backends import both
from tests.harness.graphql import GraphQL
from tests.harness.rows import changes, snapshot
from tests.webhooks.acting import change, create, faults, read
from tests.webhooks.signed import headers

pytestmark = both
BODY = '{"letters":"😀\u2028"}'.encode()
HOUR_MS = 3_600_000


async def rotate(client: GraphQL, id: str, **given: Any) -> dict[str, Any]:
    rotated = await change(client, "rotateWebhookSecret", {"webhookId": id} | given)
    return rotated.pop("webhook") | rotated


async def live(hub, database, id: str, *, in_ms: int = 0) -> list[str]:
    """The secrets with which a delivery would be signed in a while."""
    async with database.read() as session:
        webhook = await session.get(Webhook, id)
    opened = hub.app.state.hub.keyring.open(webhook.secrets, secret_place(webhook, "secrets"))
    return live_secrets(orjson.loads(opened), int(time.time() * 1000) + in_ms)


def verifying(secrets: Sequence[str], signing: Sequence[str]) -> list[bool]:
    """Which receivers, with one secret each, accept a request that is signed with these."""
    sent = headers(signing, BODY)

    def accepts(secret: str) -> bool:
        try:
            Receiver(secret).verify(BODY, sent)
        except WebhookVerificationError:
            return False
        return True

    return [accepts(secret) for secret in secrets]


async def test_two_rotations_in_an_hour_leave_three_receivers_content(organization, hub, database) -> None:
    client = organization.client
    made = await create(client)

    first = await rotate(client, made["id"])
    second = await rotate(client, made["id"], overlapSeconds=604_800)

    secrets = [second["secret"], first["secret"], made["secret"]]
    assert [len(base64.b64decode(one.removeprefix("whsec_"), validate=True)) for one in secrets] == [32] * 3
    assert (second["secretCount"], second["version"]) == (3, 3)
    assert await live(hub, database, made["databaseId"]) == secrets
    assert verifying(secrets, await live(hub, database, made["databaseId"])) == [True] * 3
    day, week = 24 * HOUR_MS + 60_000, 7 * 24 * HOUR_MS + 60_000
    assert verifying(secrets, await live(hub, database, made["databaseId"], in_ms=day)) == [True, True, False]
    assert verifying(secrets, await live(hub, database, made["databaseId"], in_ms=week)) == [True, False, False]


@pytest.mark.parametrize("given", [{"overlapSeconds": 0}, {"expirePrevious": True}])
async def test_the_former_secrets_can_end_now(organization, hub, database, given) -> None:
    client = organization.client
    made = await create(client)
    overlapping = await rotate(client, made["id"], overlapSeconds=60)

    last = await rotate(client, made["id"], **given)

    ended = await live(hub, database, made["databaseId"])
    kept = [made["secret"]] if "overlapSeconds" in given else []
    assert ended == [last["secret"], *kept]
    assert overlapping["secretOverlapUntil"]
    assert (last["secretCount"], last["secretOverlapUntil"] is None) == (1 + len(kept), not kept)


async def test_of_more_than_five_secrets_the_oldest_end(organization, hub, database) -> None:
    made = await create(organization.client)
    rotated = [await rotate(organization.client, made["id"]) for _ in range(6)]

    assert rotated[-1]["secretCount"] == 5
    newest = [one["secret"] for one in reversed(rotated)][:5]
    assert await live(hub, database, made["databaseId"]) == newest


async def test_secrets_that_ended_are_no_longer_counted_and_go_at_the_next_rotation(organization, database) -> None:
    made = await create(organization.client)
    await rotate(organization.client, made["id"])
    async with database.write() as session:
        ended = update(Webhook).where(col(Webhook.id) == made["databaseId"])
        await session.execute(ended.values(secret_expiries=[None, 1]))

    shown = await read(organization.client, made["id"])

    assert (shown["secretCount"], shown["secretOverlapUntil"]) == (1, None)


@pytest.mark.parametrize("overlap", [-1, 604_801])
async def test_refuses_an_overlap_out_of_range(organization, database, overlap) -> None:
    made = await create(organization.client)
    before = await snapshot(database, organization.id)

    found = await faults(
        organization.client, "rotateWebhookSecret", {"webhookId": made["id"], "overlapSeconds": overlap}
    )

    assert found == {"input.overlapSeconds": "It must be from 0 to 604800 seconds."}
    assert changes(before, await snapshot(database, organization.id)) == []


async def test_no_later_answer_and_no_entry_holds_a_secret_or_a_header_value(organization, database) -> None:
    client = organization.client
    value = "planted-header-value"
    made = await create(client, headers=[{"name": "X-Key", "value": value}])
    rotated = await rotate(client, made["id"])

    shown = [
        await read(client, made["id"]),
        await change(client, "updateWebhook", {"id": made["id"], "name": "New"}),
        await listed_in(client, "auditEntries", "action changes { path oldValue newValue }", "(first: 100)"),
    ]

    rows = str(await snapshot(database, organization.id))
    for secret in (made["secret"], rotated["secret"], value):
        assert secret.removeprefix("whsec_") not in str(shown)
        assert secret.removeprefix("whsec_") not in rows
    assert shown[1]["secret"] is None
