"""Members that the `authType` has no use for: clients with one form for all types send them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness.apps import Apps
from tests.informer.conftest import Informer, refused
from tests.informer.test_connections import connections

#: Of keys and of tokens, as a form that was left half empty sends them.
OF_KEYS = {"apiKey": "left-over-4711", "apiKeyLocation": "", "apiKeyName": ""}
OF_TOKENS = {
    "scope": 7,
    "authUri": "",
    "tokenUri": "/relative",
    "revocationUri": "ftp://a",
    "clientId": "x" * 300,
    "clientSecret": "",
    "basicTokenAuth": "no",
}
UNUSED = [
    ("oauth2", OF_KEYS),
    ("OAuth2", {"apiKeyName": "not a header"}),
    ("apikey", OF_TOKENS),
    ("basic", {**OF_KEYS, **OF_TOKENS}),
    ("basic", {"scope": "read write"}),
    ("bearer", {**OF_KEYS, **OF_TOKENS}),
]


@pytest.mark.parametrize(("auth_type", "members"), UNUSED)
async def test_are_no_error(auth_type: str, members: dict[str, Any], client: Informer, apps: Apps):
    made = await client.make(authType=auth_type, **members)
    await client.make(name="Other", authType=auth_type)
    put = await client.ok("PUT", "/integrations/other", {"authType": auth_type, **members})
    again = await client.ok("PUT", "/integrations/other", put)

    assert made["authType"] == put["authType"] == again["authType"] == auth_type.lower()
    assert not {"authUri", "tokenUri", "revocationUri", "clientId"} & {*made, *put}
    assert await connections(apps) == []


async def test_are_judged_by_the_stored_type_where_none_is_given(client: Informer):
    await client.make(authType="basic")

    put = await client.ok("PUT", "/integrations/stock", {"apiKeyName": "", "tokenUri": "x", "description": "New"})

    assert (put["description"], "tokenUri" in put) == ("New", False)


async def test_good_ones_are_kept_for_another_type(client: Informer, apps: Apps):
    client_facts = {"clientId": "me", "clientSecret": "s-4711", "tokenUri": "https://id.example.com/token"}
    made = await client.make(authType="basic", **client_facts)

    changed = await client.ok("PUT", "/integrations/stock", {"authType": "oauth2"})

    assert (made["clientId"], changed["clientId"], changed["tokenUri"]) == ("me", "me", client_facts["tokenUri"])


async def test_a_key_that_would_be_lost_is_refused(client: Informer, apps: Apps):
    """Nobody said `authType`: who sends a key and nothing else expects it to be used."""
    await client.make(authType="basic")

    answer = await client("PUT", "/integrations/stock", {"apiKey": "k-4711-4711"})

    assert refused(answer, 400) == "The integration authorises with BASIC, not API_KEY."
    assert await connections(apps) == []
