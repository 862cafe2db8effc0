"""Refused tokens: a 401 is the answer of its call, and ends the connection only when the grant has ended."""

from __future__ import annotations

import asyncio
import itertools
import threading

import pytest

from models.row import now_ms
from proxy.message import Answer, OutboundRequest
from resolvers.credentials.held import HeldToken
from resolvers.oauth.call import call_with_token
from resolvers.oauth.challenge import Refusal, refusal_of
from tests.harness.acting import act, listed
from tests.harness.backends import both
from tests.harness.calling import capability
from tests.oauth.conftest import GET, POST
from tests.oauth.test_client_credentials import by_itself

OTHER = capability("OTHER", "GET", "/other")
ALL = (GET, POST, OTHER)
INVALID = 'Bearer realm="shop", error="invalid_token", error_description="It has ended"'
SAID_INVALID = "The remote service says that the token is invalid (401 invalid_token)."
SAID_UNCLEAR = "The remote service refuses the token (401)."


def answer(challenge: str = "", body: bytes = b"", status: int = 401) -> Answer:
    headers = (("WWW-Authenticate", challenge),) if challenge else ()
    return Answer(status=status, headers=headers, content_type="text/plain", body=body)


@pytest.mark.parametrize(
    ("challenge", "refusal"),
    [
        (INVALID, Refusal.INVALID_TOKEN),
        ("Bearer error=invalid_token", Refusal.INVALID_TOKEN),
        ("bearer ERROR = 'Invalid_Token'", Refusal.INVALID_TOKEN),
        ('Basic realm="a", Bearer realm="b, c", error="invalid_token"', Refusal.INVALID_TOKEN),
        ('error="invalid_token"', Refusal.INVALID_TOKEN),
        ('Bearer error="insufficient_scope", scope="a b"', Refusal.SCOPE),
        (r'Bearer realm="error=\"invalid_token\""', Refusal.UNCLEAR),
        ('Bearer realm="x", error_description="error=invalid_token"', Refusal.UNCLEAR),
        ("Bearer", Refusal.UNCLEAR),
        ('Bearer error="invalid_request"', Refusal.UNCLEAR),
        ("", Refusal.UNCLEAR),
        ('"' * 9000, Refusal.UNCLEAR),
    ],
)
def test_reads_a_challenge(challenge, refusal) -> None:
    assert refusal_of(answer(challenge)) is refusal


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (b'{"error":"invalid_token"}', Refusal.INVALID_TOKEN),
        (b'{"error":{"code":"INVALID_TOKEN"}}', Refusal.INVALID_TOKEN),
        (b'{"errors":[{"code":"invalid-token"}]}', Refusal.INVALID_TOKEN),
        (b'{"code":401,"message":"Unauthorized; scope does not match"}', Refusal.SCOPE),
        (b'{"ok":false,"error":"missing_scope"}', Refusal.SCOPE),
        (b'{"error":{".tag":"missing_scope","required_scope":"files.read"}}', Refusal.SCOPE),
        (b'{"error":"insufficient_scope"}', Refusal.SCOPE),
        (b'{"message":"Token does not have the required scopes"}', Refusal.SCOPE),
        (b'{"error":{"message":"This needs the scope items:write."}}', Refusal.SCOPE),
        (b'{"message":"The token is invalid, expired or lacks a scope"}', Refusal.UNCLEAR),
        (b'{"message":"Token was revoked or lacks the scope"}', Refusal.UNCLEAR),
        (b'{"message":"Not signed in to Telescope"}', Refusal.UNCLEAR),
        (b'{"message":"No access to Telescope"}', Refusal.UNCLEAR),
        (b'{"type":"https://docs.x.example/errors#missing-scopes","title":"Unauthorized"}', Refusal.UNCLEAR),
        (b'{"code":"scope not granted or token ended"}', Refusal.UNCLEAR),
        (b'{"message":"No. See https://docs.x.example/missing scopes"}', Refusal.UNCLEAR),
        (b'{"message":"Unauthorized. Read about tokens, scopes and lifetimes."}', Refusal.UNCLEAR),
        (b'{"message":"Bad credentials"}', Refusal.UNCLEAR),
        (b"<html>invalid_token</html>", Refusal.UNCLEAR),
        (b"[1]", Refusal.UNCLEAR),
        (b"{", Refusal.UNCLEAR),
    ],
)
def test_reads_a_body_where_there_is_no_challenge(body, refusal) -> None:
    assert refusal_of(answer(body=body)) is refusal


@pytest.mark.parametrize(
    ("status", "challenge", "body", "refusal"),
    [
        (403, 'Bearer error="insufficient_scope"', b"", Refusal.FORBIDDEN),
        (
            403,
            "",
            b'{"error":{"status":"PERMISSION_DENIED","details":[{"reason":"ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]}}',
            Refusal.FORBIDDEN,
        ),
        (403, "", b'{"message":"Not your file; no scope helps"}', None),
        (403, INVALID, b"", None),
        (200, 'Bearer error="insufficient_scope"', b"", None),
        (404, INVALID, b"", None),
    ],
)
def test_other_statuses_refuse_a_token_for_its_scopes_only(status, challenge, body, refusal) -> None:
    assert refusal_of(answer(challenge, body, status)) is refusal


@both
async def test_two_calls_whose_renewed_tokens_are_invalid_end_the_connection(connect, vendor) -> None:
    shop = await connect()
    vendor.before_answer = lambda: setattr(vendor, "valid", "another")
    vendor.valid, vendor.challenge, vendor.complaint = "another", INVALID, {}

    done = await shop.run("POST")
    once = await shop.shown()
    await shop.run()
    later = await shop.refused()

    assert (done["dispatch"]["outcome"], done["dispatch"]["externalStatus"]) == ("UPSTREAM_FAILED", 401)
    assert done["dispatch"]["attemptCount"] == 3
    assert (once["status"], once["lastError"]) == ("CONNECTED", SAID_INVALID)
    assert (later["reason"], "/connect/" in later["connectUrl"]) == ("NEEDS_RECONNECT", True)
    assert vendor.tokens_seen == ["at-0", "at-1", "at-1", "at-1", "at-2", "at-2"]
    assert (await shop.shown())["lastError"] == SAID_INVALID
    assert await shop.said() == ["Hub.connection.connected", "Hub.connection.needs_reconnect"]


@both
async def test_calls_at_the_same_time_count_once(connect, vendor) -> None:
    shop = await connect()
    vendor.before_answer = lambda: setattr(vendor, "valid", "another")
    vendor.valid, vendor.meeting = "another", threading.Barrier(5)

    await asyncio.gather(*(shop.run() for _ in range(5)))

    assert (await shop.shown())["status"] == "CONNECTED"
    assert (await shop.row()).token_refusals == 1


async def test_a_success_between_them_begins_the_count_anew(connect, vendor) -> None:
    shop = await connect(capabilities=ALL)
    vendor.closed["/other"] = (401, INVALID, {})

    for _ in range(3):
        await shop.run("OTHER")
        refused = await shop.shown()
        done = await shop.run("GET")

    shown = await shop.shown()
    assert refused["lastError"] == SAID_INVALID
    assert done["dispatch"]["outcome"] == "SUCCEEDED"
    assert (shown["status"], shown["lastError"], shown["lastErrorAt"]) == ("CONNECTED", None, None)
    assert await shop.said() == ["Hub.connection.connected"]


@pytest.mark.parametrize(
    ("challenge", "body", "said", "renewals"),
    [
        ('Bearer error="insufficient_scope"', {}, "The remote service says that the token lacks a scope (401).", 0),
        (None, {"message": "scope does not match"}, "The remote service says that the token lacks a scope (401).", 0),
        (None, {"message": "Bad credentials"}, SAID_UNCLEAR, 1),
        ('Basic realm="x"', b"<html>", SAID_UNCLEAR, 1),
    ],
)
async def test_a_401_of_one_path_is_the_answer_of_its_calls(connect, vendor, challenge, body, said, renewals) -> None:
    shop = await connect(capabilities=ALL)
    vendor.closed["/other"] = (401, challenge, body)

    done = [await shop.run("OTHER") for _ in range(4)]
    shown = await shop.shown()
    again = await shop.run("GET")

    assert {one["dispatch"]["externalStatus"] for one in done} == {401}
    assert (shown["status"], shown["lastError"]) == ("CONNECTED", said)
    assert again["dispatch"]["outcome"] == "SUCCEEDED"
    assert vendor.counts["token"] == renewals
    assert (await shop.shown())["lastError"] is None
    assert await shop.said() == ["Hub.connection.connected"]


async def test_a_path_that_refuses_every_token_is_renewed_for_once_a_minute(connect, vendor) -> None:
    shop = await connect(capabilities=ALL)
    vendor.closed["/other"] = (401, None, {})
    await shop.run("OTHER")
    await shop.run("OTHER")
    before = vendor.counts["token"]

    await shop.change(futile_renewal_at=now_ms() - 61_000)
    await shop.run("OTHER")

    assert (before, vendor.counts["token"]) == (1, 2)


@pytest.mark.parametrize("name", ["GET", "POST"])
async def test_a_new_token_that_the_service_does_not_know_yet_is_tried_once_more(connect, vendor, name) -> None:
    shop = await connect(expiresAt="2020-01-01T00:00:00Z")
    vendor.knows_after = 1

    done = await shop.run(name)

    assert done["response"]["json"] == {"token": "at-1"}
    assert (done["dispatch"]["attemptCount"], vendor.tokens_seen) == (2, ["at-1", "at-1"])
    assert (vendor.counts["token"], (await shop.shown())["lastError"]) == (1, None)


@pytest.mark.parametrize(("left", "tried"), [(10.0, 2), (0.01, 1)])
async def test_a_new_token_is_tried_again_within_the_time_of_its_call_only(connect, vendor, hub, left, tried) -> None:
    shop = await connect()
    vendor.knows_after = 1
    facts = {"connection_id": shop.id, "organization_id": shop.organization_id}
    held = HeldToken(**facts, version=1, due=True, renewable=True)
    request = OutboundRequest(method="GET", url=f"{vendor.url}/api", lane=shop.organization_id, timeout_seconds=30)
    times = itertools.chain([0.0] * 2, itertools.repeat(30.0 - left))

    found = await hub.run(call_with_token(hub.app.state.hub, request, held, clock=lambda: next(times)))

    assert (found.status, found.attempts) == (200 if tried == 2 else 401, tried)


async def test_client_credentials_are_fetched_anew_and_never_end(organization, vendor) -> None:
    shop = await by_itself(organization.client, vendor)
    vendor.before_answer = lambda: setattr(vendor, "valid", "another")

    for _ in range(3):
        await shop.run("GET")
    (refused,) = await listed(organization.client, "connections", "status lastError")
    vendor.before_answer = lambda: None
    done = await shop.run("GET")

    assert (refused["status"], refused["lastError"]) == ("CONNECTED", SAID_INVALID)
    assert done["response"]["json"] == {"token": "at-4"}
    (shown,) = await listed(organization.client, "connections", "status lastError")
    assert shown == {"status": "CONNECTED", "lastError": None}


async def test_a_token_that_nothing_renews_ends_at_its_second_refusal(connect, vendor) -> None:
    shop = await connect(refreshToken=None)
    vendor.valid, vendor.meeting = "another", threading.Barrier(5)

    await asyncio.gather(*(shop.run() for _ in range(5)))
    vendor.meeting = threading.Barrier(1)
    once = (await shop.shown())["status"]
    await shop.run()

    assert (once, (await shop.shown())["status"]) == ("CONNECTED", "NEEDS_RECONNECT")
    assert vendor.counts == {"api": 6}


async def test_a_refusal_of_a_token_that_was_replaced_meanwhile_says_nothing(connect, vendor) -> None:
    shop = await connect(refreshToken=None, expiresAt="2020-01-01T00:00:00Z")
    vendor.valid, vendor.pause = "new", 0.4

    running = asyncio.create_task(shop.run())
    await asyncio.sleep(0.2)
    (one,) = await listed(shop.client, "connections", "id")
    await act(shop.client, "updateConnection", {"id": one["id"], "secret": {"oauth2": {"accessToken": "new"}}})
    await running

    shown = await shop.shown()
    assert (shown["status"], shown["lastError"]) == ("CONNECTED", None)
