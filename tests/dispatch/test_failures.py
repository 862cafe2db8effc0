"""A dispatch says in one place whether it succeeded, and how and why it failed; so does its replay."""

from __future__ import annotations

import pytest

from tests.harness.acting import act, listed
from tests.harness.calling import app, capability, given
from tests.harness.tenants import Tenant
from tests.upstreams.canned import reply
from tests.upstreams.faults import FaultServer

POST = capability("POST", "POST", "/{path}", given("path"), timeoutSeconds=1)
ENDED = "replayed succeeded failure { kind message retryAfterSeconds } dispatch { id outcome error }"


@pytest.mark.parametrize(
    ("path", "base", "kind", "outcome"),
    [
        ("teapot", None, "ERROR_STATUS", "UPSTREAM_FAILED"),
        ("silent", None, "TIMEOUT", "TIMED_OUT"),
        ("garbage", None, "BAD_RESPONSE", "UPSTREAM_FAILED"),
        ("big", None, "TOO_LARGE", "UPSTREAM_FAILED"),
        ("x", "http://127.0.0.1:1", "UNREACHABLE", "UPSTREAM_FAILED"),
        ("x", "http://169.254.169.254", "BLOCKED", "REFUSED"),
    ],
)
async def test_a_failure_has_a_kind_and_a_sentence_at_once_and_again(
    shared: Tenant, service: FaultServer, path, base, kind, outcome
) -> None:
    service.answers["/teapot"] = reply(b"{}", "application/json", "418 No")
    shop = await app(shared.client, base or service.url, POST)
    asked = {"capability": {"named": {"handler": shop.handler, "name": "POST"}}, "inputs": {"path": path}}

    first = await act(shared.client, "dispatch", {**asked, "idempotencyKey": kind}, ENDED)
    again = await act(shared.client, "dispatch", {**asked, "idempotencyKey": kind}, ENDED)

    assert (first["succeeded"], first["failure"]["kind"], first["dispatch"]["outcome"]) == (False, kind, outcome)
    assert first["failure"]["message"] == first["dispatch"]["error"]
    assert first["failure"]["retryAfterSeconds"] is None
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert again | {"replayed": False} == first


async def test_a_success_has_no_failure(shared: Tenant, service: FaultServer) -> None:
    service.answers["/moved"] = reply(b"", "text/plain", "302 Found", "Location: /x")
    shop = await app(shared.client, service.url, POST)
    asked = {"capability": {"named": {"handler": shop.handler, "name": "POST"}}, "inputs": {"path": "moved"}}

    done = await act(shared.client, "dispatch", asked, ENDED)

    assert (done["succeeded"], done["failure"]) == (True, None)


async def test_a_refusal_before_the_intent_is_a_problem_and_leaves_no_record(organization, upstream) -> None:
    shop = await app(organization.client, upstream.url, POST)

    refused = await shop.refused("POST", {"path": 1})

    assert refused["code"] == "INVALID_INPUT"
    assert await listed(organization.client, "dispatches", "id") == []
