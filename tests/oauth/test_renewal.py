"""Tokens that end: renewed once for everybody, kept when they are good, given up when they are not."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace

import pytest

from models.errors import NotReady
from resolvers.caller import Caller
from resolvers.credentials.held import HeldToken
from resolvers.oauth.challenge import Refusal
from resolvers.oauth.renewal import fresh_token
from resolvers.oauth.standing import TokenTried, note_token
from tests.definitions.conftest import save
from tests.definitions.test_connection_health import examined
from tests.harness.acting import act, listed
from tests.harness.backends import both
from tests.harness.calling import capability
from tests.harness.waiting import eventually
from tests.oauth.conftest import GET
from tests.oauth.vendor import CLIENT

RECONNECT = "The connection no longer works; connect again."


async def test_a_token_that_lasts_is_used_as_it_is(connect, vendor) -> None:
    shop = await connect(expiresAt="2100-01-01T00:00:00Z")

    done = await shop.run()

    assert done["response"]["json"] == {"token": "at-0"}
    assert vendor.counts == {"api": 1}


@both
async def test_a_token_that_is_over_is_renewed_before_the_call(connect, vendor) -> None:
    shop = await connect(expiresAt="2020-01-01T00:00:00Z")
    vendor.scope = "read,write"

    done = await shop.run()
    again = await shop.run()

    assert [one["response"]["json"] for one in (done, again)] == [{"token": "at-1"}] * 2
    assert vendor.counts == {"api": 2, "token": 1}
    assert vendor.asked == [{"grant_type": "refresh_token", "refresh_token": "rt-0"}]
    shown, row = await shop.shown(), await shop.row()
    assert (shown["status"], shown["lastError"], shown["grantedScopes"]) == ("CONNECTED", None, ["read", "write"])
    assert (shown["details"], row.secret_version) == ({"accessToken": "…", "refreshToken": "…"}, 2)
    assert 3_500_000 < row.expires_at - row.updated_at <= 3_600_000
    assert (row.lease_owner, row.lease_until) == (None, None)


async def test_an_answer_without_a_refresh_token_leaves_the_old_one_in_force(connect, vendor) -> None:
    shop = await connect(expiresAt="2020-01-01T00:00:00Z")
    vendor.rotates = False
    await shop.run()
    await shop.expire()

    done = await shop.run()

    assert done["response"]["json"] == {"token": "at-2"}
    assert [form["refresh_token"] for form in vendor.asked] == ["rt-0", "rt-0"]


async def test_a_token_of_unknown_end_is_used_until_the_service_refuses_it(connect, vendor) -> None:
    shop = await connect()
    vendor.expires_in = None
    first = await shop.run()
    vendor.valid = "another"

    second = await shop.run("POST")
    third = await shop.run()

    assert [one["response"]["json"] for one in (first, second, third)] == [
        {"token": token} for token in ("at-0", "at-1", "at-1")
    ]
    assert vendor.tokens_seen == ["at-0", "at-0", "at-1", "at-1"]
    assert second["dispatch"]["attemptCount"] == 2
    assert (await shop.row()).expires_at is None


async def test_a_token_without_a_way_to_renew_it_is_used_whatever_was_said_of_its_end(connect, vendor) -> None:
    shop = await connect(refreshToken=None, expiresAt="2020-01-01T00:00:00Z")

    done = await shop.run()
    vendor.valid = "another"
    refused = await shop.run()

    assert done["response"]["json"] == {"token": "at-0"}
    assert (refused["dispatch"]["outcome"], refused["dispatch"]["externalStatus"]) == ("UPSTREAM_FAILED", 401)
    assert vendor.counts == {"api": 2}
    assert (await shop.shown())["status"] == "NEEDS_RECONNECT"


async def test_who_must_come_back_is_told_once_and_no_vendor_is_asked_again(connect, vendor) -> None:
    shop = await connect(expiresAt="2020-01-01T00:00:00Z")
    vendor.refresh_tokens = set()

    refusals = await asyncio.gather(*(shop.refused() for _ in range(5)))
    later = [await shop.refused() for _ in range(3)]

    assert {(one["code"], one["reason"], one["message"]) for one in [*refusals, *later]} == {
        ("NOT_READY", "NEEDS_RECONNECT", RECONNECT)
    }
    assert vendor.counts == {"token": 1}
    shown = await shop.shown()
    assert shown["status"] == "NEEDS_RECONNECT"
    assert shown["lastError"] == "The token endpoint refused with invalid_grant: It was used before."
    assert shown["lastErrorAt"] is not None
    assert await shop.said() == ["Hub.connection.connected", "Hub.connection.needs_reconnect"]


@pytest.mark.parametrize("word", ["bad_refresh_token", "invalid_refresh_token"])
async def test_a_vendors_own_word_for_it_counts_with_status_200(connect, vendor, word) -> None:
    shop = await connect(expiresAt="2020-01-01T00:00:00Z")
    vendor.fault = (200, {"ok": False, "error": word})

    await shop.refused()

    assert (await shop.shown())["status"] == "NEEDS_RECONNECT"


async def test_a_connection_works_again_with_new_tokens(connect, vendor) -> None:
    shop = await connect(expiresAt="2020-01-01T00:00:00Z")
    vendor.refresh_tokens = set()
    await shop.refused()
    (one,) = await listed(shop.client, "connections", "id")
    tokens = {"accessToken": "at-0", "refreshToken": "rt-0"}

    await act(shop.client, "updateConnection", {"id": one["id"], "secret": {"oauth2": tokens}})
    done = await shop.run()

    assert done["response"]["json"] == {"token": "at-0"}
    shown = await shop.shown()
    assert (shown["status"], shown["lastError"], shown["lastErrorAt"]) == ("CONNECTED", None, None)
    assert await shop.said() == [
        "Hub.connection.connected",
        "Hub.connection.needs_reconnect",
        "Hub.connection.recovered",
    ]


@both
@pytest.mark.parametrize(
    "fault",
    [
        (503, {"error": "temporarily_unavailable"}),
        (200, {"token_type": "bearer"}),
        (200, b"<html>"),
        (401, {"error": "invalid_client"}),
    ],
)
async def test_a_token_endpoint_that_fails_is_not_asked_by_every_call(connect, vendor, fault) -> None:
    shop = await connect(expiresAt="2020-01-01T00:00:00Z")
    vendor.fault = fault

    refusals = [await shop.refused() for _ in range(5)]
    failed = await shop.shown()
    await shop.change(lease_until=1)  # the back-off is over
    vendor.fault = None
    done = await shop.run()

    assert {one["code"] for one in refusals} == {"UPSTREAM_FAILED"}
    assert len({one["message"] for one in refusals}) == 1
    assert vendor.counts == {"token": 2, "api": 1}
    assert (failed["status"], failed["lastError"]) == ("CONNECTED", refusals[0]["message"])
    assert done["response"]["json"] == {"token": "at-1"}
    assert (await shop.shown())["lastError"] is None
    assert await shop.said() == ["Hub.connection.connected"]


async def test_a_token_that_could_not_be_got_leaves_no_record_and_its_key_free(connect, vendor) -> None:
    shop = await connect(expiresAt="2020-01-01T00:00:00Z")
    vendor.fault = (503, {})

    refused = await shop.refused(idempotencyKey="k")
    vendor.fault = None
    await shop.change(lease_until=1)
    done = await shop.run(idempotencyKey="k")

    outcomes = [row["outcome"] for row in await listed(shop.client, "dispatches", "outcome")]
    assert refused["code"] == "UPSTREAM_FAILED"
    assert outcomes == ["SUCCEEDED"]
    assert done["replayed"] is False


async def test_a_stored_answer_needs_no_token(connect, vendor) -> None:
    shop = await connect()
    done = await shop.run(idempotencyKey="k")
    await shop.change(expires_at=1)
    vendor.fault = (503, {})

    again = await shop.run(idempotencyKey="k")
    refused = await shop.refused(idempotencyKey="another")

    assert (again["replayed"], again["response"]) == (True, done["response"])
    assert refused["code"] == "UPSTREAM_FAILED"


async def test_a_401_stands_where_the_token_cannot_be_renewed_now(connect, vendor) -> None:
    shop = await connect()
    vendor.valid, vendor.fault = "another", (503, {})

    done = await shop.run()

    assert (done["dispatch"]["outcome"], done["dispatch"]["externalStatus"]) == ("UPSTREAM_FAILED", 401)
    assert (await shop.shown())["status"] == "CONNECTED"


async def test_a_call_waits_for_a_token_no_longer_than_its_own_time(connect, vendor) -> None:
    brief = capability("BRIEF", "GET", "/api", timeoutSeconds=1)
    shop = await connect(expiresAt="2020-01-01T00:00:00Z", capabilities=(brief, GET))
    refused_before = threading.Event()
    vendor.before_answer = lambda: refused_before.wait(60)

    refused = await shop.refused("BRIEF")
    refused_before.set()
    await eventually(shop.at_rest)
    done = await shop.run()

    assert (refused["code"], refused["upstreamReason"]) == ("UPSTREAM_FAILED", "TIMEOUT")
    assert done["response"]["json"] == {"token": "at-1"}
    assert vendor.counts == {"api": 1, "token": 1}


async def test_who_learns_late_that_the_user_must_come_back_asks_nobody_and_says_nothing_new(
    connect, vendor, hub
) -> None:
    shop = await connect(expiresAt="2020-01-01T00:00:00Z")
    vendor.refresh_tokens = set()
    await shop.refused()
    own = hub.app.state.hub
    known = {"connection_id": shop.id, "version": 1}
    held = HeldToken(**known, organization_id=shop.organization_id, due=True, renewable=True)

    with pytest.raises(NotReady) as refused:
        await hub.run(fresh_token(own, held))
    tried = TokenTried(held=replace(held, refusals=1), version=1, refusal=Refusal.INVALID_TOKEN, renewed=True)
    await hub.run(note_token(Caller.operator(own, shop.organization_id), tried))

    assert refused.value.reason == "NEEDS_RECONNECT"
    assert vendor.counts == {"token": 1}
    assert await shop.said() == ["Hub.connection.connected", "Hub.connection.needs_reconnect"]


async def test_a_token_that_was_renewed_for_a_probe_is_masked_in_its_answer(organization, vendor) -> None:
    auth = vendor.auth | {"authorizationUrl": f"{vendor.url}/authorize"}
    client_parts = {name: auth.pop(name) for name in CLIENT}
    verification = {
        "request": {"path": "/api"},
        "expect": {"when": "none"},
        "error": f"join('', ['{'x' * 314}', token])",
    }
    given = {"name": "Vendor", "category": "storage", "auth": auth, "verification": verification}
    assert "id" in await save(organization.client, "vendor", given)
    shop = {"name": "Shop", "vendor": "vendor", "auth": client_parts}
    integration = await act(organization.client, "createIntegration", shop, "id")
    tokens = {"accessToken": "at-0", "refreshToken": "rt-0", "expiresAt": "2020-01-01T00:00:00Z"}
    made = {"integrationId": integration["id"], "mode": "SHARED", "secret": {"oauth2": tokens}}
    connection = await act(organization.client, "createConnection", made, "id")

    found = await examined(organization.client, connection["id"])

    assert vendor.tokens_seen == ["at-1"]
    assert found["lastError"].endswith(f": {'x' * 314}**")
