"""Tokens that were got elsewhere: taken, never shown, and refused where no header could carry them."""

from __future__ import annotations

import pytest

from tests.harness.acting import act, faults, listed

ACCESS, REFRESH = "at-0123456789abcdef", "rt-0123456789abcdef"


async def test_tokens_are_stored_and_only_hints_of_them_shown(connect, database) -> None:
    shop = await connect(accessToken=ACCESS, refreshToken=REFRESH, expiresAt="2100-01-01T00:00:00Z")

    shown, row = await shop.shown(), await shop.row()

    assert shown["details"] == {"accessToken": "at-0…", "refreshToken": "…"}
    assert (shown["authType"], shown["status"], shown["grantedScopes"]) == ("OAUTH2", "CONNECTED", ["read"])
    assert shown["expiresAt"] == "2100-01-01T00:00:00.000Z"
    assert (ACCESS.encode() in row.secret, ACCESS in repr(row)) == (False, False)


async def test_a_plan_masks_the_token(connect) -> None:
    shop = await connect(accessToken=ACCESS, expiresAt="2020-01-01T00:00:00Z")

    plan = await shop.app.plan("GET")

    assert plan["allowed"] is True
    assert {"name": "Authorization", "value": "Bearer ***"} in plan["headers"]


@pytest.mark.parametrize(
    ("secret", "places"),
    [
        ({"accessToken": "a\r\nb"}, ["accessToken"]),
        ({"accessToken": ""}, ["accessToken"]),
        ({"accessToken": ACCESS, "refreshToken": "r" * 70_000}, ["refreshToken"]),
        ({"accessToken": ACCESS, "scopes": ["read", ""]}, ["scopes.1"]),
    ],
)
async def test_refuses_tokens_that_cannot_be_sent_or_stored(organization, vendor, secret, places) -> None:
    made = await act(organization.client, "createIntegration", {"name": "App", "auth": vendor.auth}, "id")

    found = await faults(
        organization.client, "createConnection", {"integrationId": made["id"], "secret": {"oauth2": secret}}
    )

    assert found == [f"input.secret.oauth2.{place}" for place in places]
    assert await listed(organization.client, "connections", "id") == []


async def test_refuses_tokens_where_the_integration_authorises_otherwise(organization) -> None:
    made = await act(organization.client, "createIntegration", {"name": "App", "auth": {"type": "API_KEY"}}, "id")
    given = {"integrationId": made["id"], "secret": {"oauth2": {"accessToken": ACCESS}}}

    found = await faults(organization.client, "createConnection", given)

    assert found == ["input.secret"]
