"""A plan is what a dispatch would send, secrets masked, and touches no network."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.harness.acting import act, listed, refusal
from tests.harness.calling import App, app, capability, given

CALL = capability(
    "CALL",
    "POST",
    "/anything/{id}?fixed=1",
    *(
        given("id"),
        given("q", location="QUERY"),
        given("X-Given", location="HEADER"),
        given("b"),
        given("d", default="D"),
    ),
)
INPUTS = {"id": "a/b", "q": "1 2", "X-Given": "given", "b": "body"}
SECRET = "hush-hush-hush-42"
AUTHS: list[tuple[dict[str, Any], dict[str, Any] | None]] = [
    ({}, None),
    ({"type": "API_KEY"}, {"apiKey": SECRET}),
    ({"type": "API_KEY", "apiKeyName": "X-My-Key"}, {"apiKey": SECRET}),
    ({"type": "API_KEY", "apiKeyLocation": "QUERY", "apiKeyName": "k"}, {"apiKey": SECRET}),
    ({"type": "BASIC"}, {"basic": {"username": "me", "password": SECRET}}),
    ({"type": "BEARER"}, {"bearerToken": SECRET}),
]
HEADERS = [{"name": "X-Literal", "value": f"literal-{SECRET}"}, {"name": "X-Who", "value": "${user.username}"}]


async def shop_with(organization, base: str, auth: dict[str, Any], secret: dict[str, Any] | None) -> App:
    more = {} if secret is None else {"secret": secret}
    return await app(organization.client, base, CALL, auth=auth | {"headers": HEADERS}, **more)


@pytest.mark.parametrize(("auth", "secret"), AUTHS)
async def test_a_plan_is_what_is_sent_with_secrets_masked(organization, upstream, auth, secret) -> None:
    shop = await shop_with(organization, upstream.url, auth, secret)

    plan = await shop.plan("CALL", INPUTS, idempotencyKey="key")
    before = upstream.connections
    await shop.run("CALL", INPUTS, idempotencyKey="key")

    (sent,) = upstream.requests
    assert before == 0
    assert SECRET not in str(plan)
    assert SECRET.encode() in sent.raw
    assert (plan["allowed"], plan["method"], plan["capability"]) == (True, "POST", {"name": "CALL"})
    assert plan["url"].replace("***", SECRET) == upstream.url + sent.target
    assert plan["body"] == {"b": "body", "d": "D"}
    assert orjson.loads(sent.body) == plan["body"]
    for header in plan["headers"]:
        (value,) = sent.header(header["name"])
        assert header["value"] in (value, "***", f"{value.partition(' ')[0]} ***")
    framing = {"host", "content-length", "user-agent", "accept", "accept-encoding"}
    lines = sent.raw.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
    assert {line.partition(":")[0].lower() for line in lines} - framing == {
        header["name"].lower() for header in plan["headers"]
    }


async def test_a_plan_masks_what_was_configured_too(organization, canary) -> None:
    shop = await shop_with(
        organization, canary.url, {"type": "BASIC"}, {"basic": {"username": "me", "password": "pw"}}
    )

    plan = await shop.plan("CALL", INPUTS)

    shown = {header["name"]: header["value"] for header in plan["headers"]}
    assert shown == {
        "Content-Type": "application/json",
        "X-Given": "given",
        "X-Literal": "***",
        "X-Who": "***",
        "Authorization": "Basic ***",
    }
    assert canary.connections == 0
    assert await listed(organization.client, "dispatches", "id") == []


async def test_a_plan_of_what_is_not_ready_says_why(organization, canary) -> None:
    shop = await app(organization.client, canary.url, CALL, auth={"type": "BEARER"})

    plan = await shop.plan("CALL", INPUTS)

    assert (plan["allowed"], plan["reason"], plan["blockedBy"]) == (False, "NO_CONNECTION", None)
    assert canary.connections == 0


async def test_a_plan_says_what_the_egress_policy_objects_to(organization) -> None:
    shop = await app(organization.client, "http://169.254.169.254", CALL)

    plan = await shop.plan("CALL", INPUTS)

    assert (plan["allowed"], plan["reason"]) == (False, None)
    assert plan["blockedBy"]


@pytest.fixture(scope="module")
async def refusing(shared, service) -> App:
    """The organization's only app."""
    return await app(shared.client, service.url, CALL)


@pytest.mark.parametrize(
    ("more", "code", "path"),
    [
        ({"inputs": {"id": 1}}, "INVALID_INPUT", ["input", "inputs", "id"]),
        ({"capability": {"id": "f" * 24}}, "NOT_FOUND", ["input", "capability"]),
        ({"capability": {"named": {"handler": "APP", "name": "call"}}}, "NOT_FOUND", ["input", "capability"]),
        ({"connectionId": "f" * 24, "inputs": INPUTS}, "NOT_FOUND", ["input", "connectionId"]),
        ({"idempotencyKey": "k" * 121, "inputs": INPUTS}, "INVALID_INPUT", ["input", "idempotencyKey"]),
        ({"idempotencyKey": "k\n", "inputs": INPUTS}, "INVALID_INPUT", ["input", "idempotencyKey"]),
    ],
)
async def test_refuses_a_plan_where_a_dispatch_would_be_refused(refusing, service, more, code, path) -> None:
    asked = {"capability": {"named": {"handler": "APP", "name": "CALL"}}} | more

    for field in ("planDispatch", "dispatch"):
        refused = await refusal(refusing.client, field, asked)
        assert (refused["code"], refused["path"]) == (code, path)
    assert service.connections == 0


async def test_plans_by_the_id_of_a_capability(organization, upstream) -> None:
    await app(organization.client, upstream.url, capability("OK", "GET", "/ok"))
    (row,) = await listed(organization.client, "capabilities", "id databaseId")

    for either in row.values():
        asked = {"capability": {"id": either}}
        assert (await act(organization.client, "planDispatch", asked, "url"))["url"] == f"{upstream.url}/ok"
        assert (await act(organization.client, "dispatch", asked, "dispatch { outcome }"))["dispatch"] == {
            "outcome": "SUCCEEDED"
        }
