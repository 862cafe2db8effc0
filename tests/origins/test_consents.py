"""OAuth by consent: a user's tokens follow no address that came after the client secret; pages name their hosts."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.connect.people import create_link, state_of, submit
from tests.harness.acting import act, row_id
from tests.harness.calling import App, app, capability
from tests.harness.tenants import Tenant
from tests.oauth.vendor import CLIENT
from tests.origins.test_tokens import change, come_back, consenting, leave
from tests.upstreams.faults import FaultServer

SECRET = {"clientSecret": CLIENT["clientSecret"]}


async def moved(shop: App, tenant: Tenant, thief: FaultServer, way: str) -> str:
    """A change by a member with INTEGRATIONS_WRITE. Answers the capability that leads to the other service."""
    if way == "manifest":
        manifest = [capability("GET", "GET", "/me"), capability("AWAY", "GET", f"{thief.url}/me")]
        await act(
            tenant.client, "declareCapabilities", {"integrationId": shop.id, "capabilities": manifest}, "version"
        )
        return "AWAY"
    given: dict[str, Any] = {"parameters": {"accountUri": f"{thief.url}/me"}} if way == "account" else {}
    await change(shop, tenant.client, **(given or {"apiBaseUrl": thief.url}))
    return "GET"


@pytest.mark.parametrize("way", ["account", "manifest", "base"])
async def test_tokens_of_a_consent_follow_no_address_that_came_after_the_client_secret(
    organization: Tenant, browser, another_browser, service: FaultServer, thief: FaultServer, way: str
):
    arrived = len(thief.requests)
    shop = await consenting(organization.client, service)
    name = await moved(shop, organization, thief, way)
    session = await come_back(browser, organization.client, await leave(browser, organization.client, shop))
    found = await shop.plan(name)
    first = (session["status"], found["reason"], len(thief.requests) - arrived)

    await change(shop, organization.client, **SECRET)
    again = {"connectionId": session["connection"]["id"]}
    await come_back(browser, organization.client, await leave(browser, organization.client, shop, **again))
    answer = await shop.echo(name)

    assert first == ("COMPLETED", None if way == "account" else "ADDRESS_CHANGED", 0)
    assert (answer["ok"], len(thief.requests) - arrived) == (True, 1)


async def test_a_refusal_offers_no_consent_that_would_not_help(
    organization: Tenant, browser, service: FaultServer, thief: FaultServer
):
    shop = await consenting(organization.client, service)
    await come_back(browser, organization.client, await leave(browser, organization.client, shop))
    await change(shop, organization.client, apiBaseUrl=thief.url)

    before = await shop.refused("GET")
    await change(shop, organization.client, **SECRET)
    after = await shop.refused("GET")

    assert (before["connectUrl"], after["connectUrl"] is None) == (None, False)
    assert f", to {thief.url}; check it" in before["message"]


async def test_a_client_secret_that_came_before_any_api_address_lets_the_first_one_be_added(
    organization: Tenant, browser, service: FaultServer
):
    own = {name: f"{service.url}/{path}" for name, path in (("authorizationUrl", "authorize"), ("tokenUrl", "token"))}
    auth = {"type": "OAUTH2", "apiBaseUrl": None, **CLIENT, **own}
    shop = await app(organization.client, "", auth=auth)
    await change(shop, organization.client, apiBaseUrl=service.url)
    manifest = {"integrationId": shop.id, "capabilities": [capability("GET", "GET", "/me")]}
    await act(organization.client, "declareCapabilities", manifest, "version")

    await come_back(browser, organization.client, await leave(browser, organization.client, shop))

    assert (await shop.echo("GET"))["ok"] is True


async def test_a_form_names_every_host_that_gets_the_secret(organization: Tenant, browser):
    away = [capability("A", "GET", "https://b.example:8443/x"), capability("B", "GET", "https://A.example:443/y")]
    shop = await app(organization.client, "https://api.example/v1", *away, auth={"type": "API_KEY"})
    made = await create_link(organization.client, integrationIds=[shop.id], mode="SHARED")

    form = browser.get(made["url"])

    hosts = "<strong>a.example</strong>, <strong>api.example</strong> and <strong>b.example:8443</strong>"
    assert f"What you enter is sent to {hosts}." in form.text


async def test_the_pages_around_a_consent_name_every_host_that_gets_its_tokens(
    organization: Tenant, browser, another_browser, service: FaultServer, thief: FaultServer
):
    shop = await consenting(organization.client, service, clientSecret=None, tokenUrl="https://login.example/token")
    made = await create_link(organization.client, integrationIds=[shop.id], mode="SHARED")
    hosts = f"<strong>{urlsplit(service.url).netloc}</strong> and <strong>login.example</strong>"

    form = browser.get(made["url"])
    leaving = submit(browser, made["url"], integration=row_id(shop.id))
    begun = await leave(browser, organization.client, shop)
    await change(shop, organization.client, apiBaseUrl=thief.url)
    confirm = another_browser.get("/oauth2/callback", params={"state": state_of(begun["url"]), "code": "c"})

    assert [f"is sent to {hosts}." in page.text for page in (form, leaving)] == [True, True]
    assert f"The access that you have given is sent to {hosts}." in confirm.text
