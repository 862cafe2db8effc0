"""Secrets that are empty, long or of odd letters are sent as they were given, or refused in words."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.harness.calling import app, capability

GET = capability("GET", "GET", "/ok")
CONNECT = "mutation($input: CreateConnectionInput!) { createConnection(input: $input) { ... on Problem { code } } }"
SIZE = 65_536


@pytest.mark.parametrize("secret", ["", "x", "k" * 6000, "пароль 🔑", "a:b:c"])
async def test_sends_what_was_given(organization, upstream, secret: str) -> None:
    given = {"auth": {"type": "BASIC"}, "secret": {"basic": {"username": "u", "password": secret}}}
    shop = await app(organization.client, upstream.url, GET, mode="SHARED", **given)

    await shop.run("GET")

    (sent,) = upstream.requests[0].header("authorization")
    assert base64.b64decode(sent.removeprefix("Basic ")).decode() == f"u:{secret}"


@pytest.mark.parametrize(
    "secret",
    [
        {"bearerToken": ""},
        {"bearerToken": "Planted\0"},
        {"basic": {"username": "u", "password": "Planted\0"}},
        {"apiKey": "Planted" * SIZE},
        {"bearerToken": "Planted" + "k" * SIZE},
    ],
    ids=["empty", "NUL", "NUL in a password", "huge", "64 kB"],
)
async def test_refuses_what_cannot_be_sent(lasting, secret: dict[str, Any]) -> None:
    client = lasting.client

    answer = await client.raw(CONNECT, input={"mode": "SHARED", "secret": secret})

    listed = await client.query("{ connections(first: 1) { nodes { id } } }")
    assert '"INVALID_INPUT"' in answer.text
    assert "Planted" not in answer.text
    assert listed["connections"]["nodes"] == []
