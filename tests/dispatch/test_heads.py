"""Callers see the head of an answer, at once and from a key: its headers, addresses and time."""

from __future__ import annotations

from typing import Any

from tests.harness.acting import act
from tests.harness.calling import app, capability
from tests.harness.tenants import Tenant
from tests.upstreams.canned import reply
from tests.upstreams.faults import FaultServer

SECRET = "k-4711-secret-of-the-service"
MAKE = capability("MAKE", "POST", "/v1/orders", timeoutSeconds=5)
HEAD = "replayed response { status headers { name value } location retryAfter nextPage }"


async def test_a_call_and_its_replay_show_the_same_head(shared: Tenant, service: FaultServer) -> None:
    service.answers["/v1/orders"] = reply(
        b"{}", "application/json", "201 Created",
        "Location: /v1/orders/17", "ETag: \"a\"", "X-RateLimit-Remaining: 0", f"X-Echo: {SECRET}",
        "Set-Cookie: session=theirs", "Connection: close", "Retry-After: Fri, 01 Jan 2100 00:00:00 GMT",
        'Link: </v1/orders?page=1>; rel="prev", <?page=3>; rel="next"',
    )  # fmt: skip
    shop = await app(shared.client, service.url, MAKE, auth={"type": "BEARER"}, secret={"bearerToken": SECRET})
    asked = {"capability": {"named": {"handler": shop.handler, "name": "MAKE"}}, "idempotencyKey": "heads"}

    first = await act(shared.client, "dispatch", asked, HEAD)
    again = await act(shared.client, "dispatch", asked, HEAD)

    headers = {one["name"]: one["value"] for one in first["response"]["headers"]}
    assert headers.pop("Content-Type") == "application/json"
    assert headers == {
        "Location": "/v1/orders/17",
        "ETag": '"a"',
        "X-RateLimit-Remaining": "0",
        "X-Echo": "***",
        "Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT",
        "Link": '</v1/orders?page=1>; rel="prev", <?page=3>; rel="next"',
    }
    assert _values(first) == {
        "location": f"{service.url}/v1/orders/17",
        "retryAfter": "2100-01-01T00:00:00.000Z",
        "nextPage": f"{service.url}/v1/orders?page=3",
    }
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert again["response"] == first["response"]


async def test_a_number_of_seconds_counts_from_the_first_answer(shared: Tenant, service: FaultServer) -> None:
    service.answers["/v1/orders"] = reply(b"{}", "application/json", "202 Later", "Retry-After: 3600")
    shop = await app(shared.client, service.url, MAKE)
    asked = {"capability": {"named": {"handler": shop.handler, "name": "MAKE"}}, "idempotencyKey": "seconds"}

    first = await act(shared.client, "dispatch", asked, HEAD + " dispatch { createdAt }")
    again = await act(shared.client, "dispatch", asked, HEAD)

    assert first["dispatch"]["createdAt"] < first["response"]["retryAfter"]
    assert again["response"]["retryAfter"] == first["response"]["retryAfter"]
    assert _values(first) | {"retryAfter": None} == {"location": None, "retryAfter": None, "nextPage": None}


def _values(done: dict[str, Any]) -> dict[str, Any]:
    return {name: done["response"][name] for name in ("location", "retryAfter", "nextPage")}
