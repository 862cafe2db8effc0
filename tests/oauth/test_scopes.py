"""Granted scopes: as vendors name them, or do not, at a consent and at renewals."""

from __future__ import annotations

import pytest

from proxy.oauth import RefreshToken
from resolvers.connections.own import ConnectIntegration, connect_integration
from resolvers.find import IntegrationRef
from tests.definitions.conftest import save
from tests.harness.acting import act, listed
from tests.harness.backends import both
from tests.harness.calling import capability
from tests.harness.estate import caller_of
from tests.oauth.conftest import GET

OVER = "2020-01-01T00:00:00Z"
WRITE = capability("WRITE", "GET", "/api", requiredScopes=["write"])
OFFLINE = capability("OFFLINE", "GET", "/api", requiredScopes=["offline_access"])
DENIED = capability("DENIED", "GET", "/denied")
ALL = (GET, WRITE, OFFLINE, DENIED)
CHANGED = "Hub.connection.scopes_changed"


@pytest.mark.parametrize("said", [None, "", [], "  "])
async def test_no_scope_in_an_answer_means_those_asked_for(connect, vendor, said) -> None:
    shop = await connect(expiresAt=OVER, scopes=["read", "write"])
    vendor.extra = {"scope": said}

    await shop.run()

    assert (await shop.shown())["grantedScopes"] == ["read", "write"]


async def test_tokens_show_scopes_that_are_not_named(connect, vendor) -> None:
    shop = await connect(expiresAt=OVER, scopes=["read", "offline_access", "openid"], capabilities=ALL)
    vendor.extra = {"scope": "read", "id_token": "x.y.z"}

    await shop.run()

    row = await shop.row()
    assert (row.granted_scopes, row.answered_scopes) == (["read", "offline_access", "openid"], None)


@pytest.mark.parametrize(("refresh_token", "missing"), [("rt-0", []), (None, ["offline_access"])])
async def test_a_refresh_token_is_offline_access(connect, vendor, refresh_token, missing) -> None:
    shop = await connect(refreshToken=refresh_token, capabilities=ALL)

    plan = await shop.app.plan("OFFLINE")

    assert plan["missingScopes"] == missing


@both
async def test_a_renewal_that_names_fewer_scopes_closes_nothing_that_works(connect, vendor) -> None:
    shop = await connect(expiresAt=OVER, scopes=["read", "write"], capabilities=ALL)
    vendor.scope = "read"

    done = [await shop.run("GET"), await shop.run("WRITE")]

    row = await shop.row()
    assert [one["dispatch"]["outcome"] for one in done] == ["SUCCEEDED", "SUCCEEDED"]
    assert (row.granted_scopes, row.answered_scopes) == (["read", "write"], ["read"])
    assert await shop.said() == ["Hub.connection.connected"]


@both
@pytest.mark.parametrize("status", [401, 403])
async def test_a_refusal_for_want_of_a_scope_then_takes_those_away(connect, vendor, status) -> None:
    shop = await connect(expiresAt=OVER, scopes=["read", "write"], capabilities=ALL)
    vendor.scope = "read"
    await shop.run("GET")
    vendor.closed["/denied"] = (status, 'Bearer error="insufficient_scope", scope="write"', {})

    denied = await shop.run("DENIED")
    refused = await shop.refused("WRITE")

    assert denied["dispatch"]["externalStatus"] == status
    assert (refused["reason"], refused["missingScopes"]) == ("MISSING_SCOPES", ["write"])
    assert "/connect/" in refused["connectUrl"]
    shown = await shop.shown()
    assert (shown["status"], shown["grantedScopes"]) == ("CONNECTED", ["read"])
    assert await shop.said() == ["Hub.connection.connected", CHANGED]


@pytest.mark.parametrize("narrowed", [True, False])
async def test_other_refusals_take_no_scope_away(connect, vendor, narrowed) -> None:
    shop = await connect(expiresAt=OVER, scopes=["read", "write"], capabilities=ALL)
    vendor.scope = "read" if narrowed else None
    await shop.run("GET")
    challenge = None if narrowed else 'Bearer error="insufficient_scope"'
    vendor.closed["/denied"] = (403, challenge, {"message": "Not your file."})

    await shop.run("DENIED")

    shown = await shop.shown()
    assert (shown["grantedScopes"], shown["lastError"]) == (["read", "write"], None)


async def test_a_later_renewal_that_names_all_of_them_ends_the_doubt(connect, vendor) -> None:
    shop = await connect(expiresAt=OVER, scopes=["read", "write"])
    vendor.scope = "read"
    await shop.run()
    vendor.scope = "write read extra"
    await shop.expire()
    await shop.run()

    row = await shop.row()

    assert (row.granted_scopes, row.answered_scopes) == (["write", "read", "extra"], None)
    assert await shop.said() == ["Hub.connection.connected", CHANGED]


async def test_a_new_consent_counts_as_it_is_answered(organization, vendor, hub) -> None:
    made = await act(organization.client, "createIntegration", {"name": "App", "auth": vendor.auth}, "databaseId")
    ref, caller, vendor.rotates = IntegrationRef(id=made["databaseId"]), caller_of(hub, organization), False
    given = ConnectIntegration(integration=ref, given=RefreshToken(token="rt-0"))
    granted = []

    for vendor.scope in (None, "", [], "read"):
        kept = await hub.run(connect_integration(caller, given))
        granted.append((kept.connection.granted_scopes, kept.connection.answered_scopes))

    assert granted == [(["read", "write"], None)] * 3 + [(["read"], None)]


async def test_capabilities_are_judged_by_the_vendors_words(organization, vendor) -> None:
    parts = {name: vendor.auth[name] for name in ("clientId", "clientSecret")}
    auth = {name: value for name, value in vendor.auth.items() if name not in parts}
    auth |= {"authorizationUrl": f"{vendor.url}/authorize", "scopes": ["repo", "public_repo", "user"]}
    rules = {"implies": {"repo": ["public_repo"]}, "aliases": {"https://acme.example/*": "*"}}
    given = {"name": "Acme", "category": "storage", "auth": auth | rules}
    assert "id" in await save(organization.client, "acme", given)
    app = {"name": "Shop", "vendor": "acme", "auth": parts}
    made = await act(organization.client, "createIntegration", app, "id")
    wanted = {"P": ["public_repo"], "U": ["https://acme.example/user"], "A": ["admin"]}
    declared = [capability(name, "GET", "/api", requiredScopes=scopes) for name, scopes in wanted.items()]
    integration = {"integrationId": made["id"]}
    await act(organization.client, "declareCapabilities", integration | {"capabilities": declared})
    secret = {"oauth2": {"accessToken": "at-0", "scopes": ["repo", "User"]}}
    await act(organization.client, "createConnection", integration | {"mode": "SHARED", "secret": secret})

    found = await listed(organization.client, "capabilities", "name availability { available missingScopes }")

    assert {one["name"]: one["availability"] for one in found} == {
        "P": {"available": True, "missingScopes": []},
        "U": {"available": True, "missingScopes": []},
        "A": {"available": False, "missingScopes": ["admin"]},
    }
