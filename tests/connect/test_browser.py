"""Connect pages in a Chromium without JavaScript: a key is entered, a vendor is visited, and people come back."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.connect.people import (
    DESK,
    create_link,
    make_app,
    make_integration,
    new_browser,
    save_vendor,
    session_of,
    state_of,
    submit,
)
from tests.harness.needs import chromium
from tests.node.tools import install, visit_connect_pages
from tests.upstreams.canned import reply

pytestmark = [pytest.mark.needs("node", "chromium"), pytest.mark.long]

UPDATE = "mutation($input: UpdateOrganizationInput!) { updateOrganization(input: $input) { __typename } }"
ABOUT = "Files and folders of your team, in one place."


@pytest.fixture
async def visit(hub, new_organization, provider, upstream, tmp_path):
    """What a person met, by step; pictures of it are in pytest's directory. And the sessions that it went through."""
    install()
    tenant = await new_organization(name="Harbour & Sons")
    upstream.answers["/back"] = reply(b"<!doctype html><title>Back</title>", "text/html")
    back = f"{upstream.url}/back"
    await tenant.client.query(UPDATE, input={"returnUrls": [back]})
    member = await tenant.add_user("erika")
    key = await make_integration(tenant, name="Bolt Mail", auth={"type": "API_KEY"}, description="Sends your post.")
    drive = await make_app(tenant, provider, description=ABOUT)
    more = await make_integration(tenant, name="Ticket Office", auth={"type": "BASIC"})
    await save_vendor(tenant, "desk", **DESK)
    desk = await make_integration(tenant, name="Help Desk", vendor="desk")
    links = {
        "key": await key.link(principalId=member, returnUrl=back),
        "choice": await create_link(
            tenant.client, integrationIds=[key.id, drive.id, more.id], principalId=member, returnUrl=back
        ),
    }
    found = visit_connect_pages(
        chromium(),
        tmp_path / "profile",
        tmp_path,
        key=links["key"]["url"],
        choice=links["choice"]["url"],
        service="Acme Drive",
        returns=await _returns(hub, drive, provider),
        ended=await _ended(hub, key, drive, desk),
    )
    sessions = {name: await session_of(tenant.client, link["session"]["id"]) for name, link in links.items()}
    return found, sessions


async def _ended(hub, key, drive, desk) -> dict[str, str]:
    """Addresses that show how things can end."""
    used = (await key.link())["url"]
    with new_browser(hub) as other:
        other.get(used)
        submit(other, used, integration=key.row_id, apiKey="k")
        state = state_of((await drive.begin(other))["url"])
    said = "error=access_denied&error_description=The+user+does+not+want+to."
    denied = f"{hub.url}/oauth2/callback?state={state}&{said}"
    return {
        "elsewhere": used,
        "unknown": f"{hub.url}/oauth2/callback?state=nobodys",
        "nowhere": f"{hub.url}/connect/nowhere",
        "finished": f"{hub.url}/connect/finished",
        "vendor": (await desk.link())["url"],
        "denied": denied,
    }


async def _returns(hub, drive, provider) -> str:
    """The address at which a user comes back whose sign-in began in another browser."""
    with new_browser(hub) as other:
        return provider.consent((await drive.begin(other))["url"])


async def test_people_connect_without_javascript(visit, hub):
    seen, sessions = visit

    assert seen["form"] == {"title": "Connect Bolt Mail", "wide": False, "type": "password"}
    assert seen["wrong"]["says"] == "A header value has at most 8192 bytes."
    assert (seen["wrong"]["value"], seen["wrong"]["wide"]) == ("", False)
    assert seen["connected"]["order"] == ["apiKey", "Connect"]
    assert seen["choices"]["title"] == "Choose what to connect"
    assert [link.split("\n")[1] for link in seen["choices"]["links"]] == ["Bolt Mail", "Acme Drive", "Ticket Office"]
    assert (seen["choices"]["wide"], seen["ended"]["denied"]) == (False, "Acme Drive was not connected")
    assert seen["asked"] == {"title": "Connect Acme Drive?", "wide": False, "ended": "Acme Drive is connected"}
    for step, session in (("connected", sessions["key"]), ("consent", sessions["choice"])):
        address = seen[step]["url"] if step == "connected" else seen[step]
        assert parse_qs(urlsplit(address).query)["status"] == ["connected"]
        assert session["status"] == "COMPLETED"
        assert session["connection"]["principal"] == {"username": "erika"}
    assert sessions["choice"]["connection"]["account"]["accountId"] == "alice"
    assert {each["referrer"] for each in seen["requests"] if hub.url in (each["referrer"] or "")} == set()
    assert [fault for fault in seen["faults"] if "Failed to load resource" not in fault] == []
