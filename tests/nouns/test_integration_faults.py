"""Everything that is wrong with an integration is said at once, in the order of the input, at its own place."""

from __future__ import annotations

import pytest

from tests.harness.acting import act, faults, integration_of, listed

WRONG_AUTH = {
    "apiBaseUrl": "ftp://x",
    "clientId": "c" * 256,
    "clientSecret": "s" * 10_001,
    "scopes": ["fine", ""],
    "authorizationUrl": "https://user@x.example",
    "tokenUrl": "x",
    "revocationUrl": "https://x.example/?q=1#f",
    "tokenParameters": {
        "audience": "fine",
        "resource": 7,
        "Client_Secret": "mine",
        "a b": "",
        "acr": "a\nb",
        "tenant": "x" * 2049,
    },
    "tokenPath": "authed_user[0]",
    "apiKeyName": "a b",
    "headers": [
        {"name": "X-Fine", "value": "v"},
        {"name": "Host", "value": "v"},
        {"name": "bad name", "value": "a\r\nb"},
        {"name": "X-Template", "value": "${env.HOME}"},
    ],
    "parameters": [1],
}
AUTH_FAULTS = [
    "apiBaseUrl",
    "clientId",
    "clientSecret",
    "scopes.1",
    "authorizationUrl",
    "tokenUrl",
    "revocationUrl",
    *(f"tokenParameters.{name}" for name in ("resource", "Client_Secret", "a b", "acr", "tenant")),
    "tokenPath",
    "apiKeyName",
    "headers.1.name",
    "headers.2.name",
    "headers.2.value",
    "headers.3.value",
    "parameters",
]
WRONG_CAPABILITY = {"name": "a b", "method": "GET", "endpoint": "nowhere", "timeoutSeconds": 0}


async def test_names_every_fault_of_a_new_integration(organization) -> None:
    given = {
        "name": " ",
        "vendor": "Not A Key",
        "handler": "lower",
        "slug": "UPPER",
        "identifier": "",
        "uuid": "no",
        "description": "d" * 10_001,
        "readme": "r" * 100_001,
        "category": "",
        "auth": WRONG_AUTH,
        "secret": {"basic": {"username": "a:b", "password": "p\np"}},
        "capabilities": [WRONG_CAPABILITY],
    }

    found = await faults(organization.client, "createIntegration", given)

    plain = ["name", "vendor", "handler", "slug", "identifier", "uuid", "description", "readme", "category"]
    assert found == [
        *(f"input.{field}" for field in plain),
        *(f"input.auth.{field}" for field in AUTH_FAULTS),
        "input.secret.basic.username",
        *(f"input.capabilities.0.{field}" for field in ("name", "endpoint", "timeoutSeconds")),
    ]
    assert await listed(organization.client, "integrations", "id") == []


async def test_names_every_fault_of_a_change(organization) -> None:
    made = await act(organization.client, "createIntegration", {"name": "A"})
    given = {
        "id": made["id"],
        "name": "a\nb",
        "slug": "-",
        "identifier": "",
        "description": "d" * 10_001,
        "readme": "r" * 100_001,
        "vendor": "",
        "category": "c" * 121,
        "mode": None,
        "auth": WRONG_AUTH | {"type": "BASIC"},
        "secret": {"apiKey": ""},
    }

    found = await faults(organization.client, "updateIntegration", given)

    plain = ["name", "slug", "identifier", "description", "readme", "vendor", "category", "mode"]
    assert found == [
        *(f"input.{field}" for field in plain),
        *(f"input.auth.{field}" for field in AUTH_FAULTS),
        "input.secret.apiKey",
        "input.secret",
    ]
    assert await integration_of(organization.client, "name version", id=made["id"]) == {"name": "A", "version": 1}


@pytest.mark.parametrize(
    ("auth_type", "secret"),
    [("API_KEY", {"bearerToken": "t"}), ("BASIC", {"apiKey": "k"}), ("OAUTH2", {"bearerToken": "t"})],
)
async def test_refuses_a_secret_of_another_kind_than_the_integration_has(organization, auth_type, secret) -> None:
    given = {"name": "A", "auth": {"type": auth_type}, "secret": secret}

    assert await faults(organization.client, "createIntegration", given) == ["input.secret"]

    assert await listed(organization.client, "integrations", "id") == []


@pytest.mark.parametrize(
    "name", ["Host", "content-length", "Transfer-Encoding", "Connection", "X-Forwarded-For", "Cookie"]
)
async def test_refuses_headers_that_are_the_hubs_to_set(organization, name) -> None:
    given = {"name": "A", "auth": {"headers": [{"name": name, "value": "v"}]}}

    assert await faults(organization.client, "createIntegration", given) == ["input.auth.headers.0.name"]


@pytest.mark.parametrize("letter", ["\r", "\n", "\x85", "\x1b", "\u2028"])
async def test_refuses_line_breaks_and_controls_in_headers_when_they_are_written(organization, letter) -> None:
    headers = [{"name": f"X{letter}A", "value": "v"}, {"name": "X-B", "value": f"a{letter}b"}]

    found = await faults(organization.client, "createIntegration", {"name": "A", "auth": {"headers": headers}})

    assert found == ["input.auth.headers.0.name", "input.auth.headers.1.value"]
