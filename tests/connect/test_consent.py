"""OAuth with consent at a certified provider: begun over the graph, finished where the vendor sends people."""

from __future__ import annotations

import pytest

from tests.connect.people import session_of, title_of

pytestmark = pytest.mark.needs("node")


async def test_connects_whoever_consents(new_app, provider, browser, organization):
    app = await new_app()
    begun = await app.start(additionalScopes=["items:write"])

    page = browser.get(provider.consent(begun["url"], user="alice"))

    assert (page.status_code, title_of(page)) == (200, "Acme Drive is connected")
    ended = await session_of(organization.client, begun["session"]["id"])
    assert begun["session"]["status"] == "REDIRECTED"
    assert ended["status"] == "COMPLETED"
    assert ended["connection"]["status"] == "CONNECTED"
    assert ended["connection"]["mode"] == "PER_USER"
    assert ended["connection"]["principal"] == {"username": "admin"}
    assert set(ended["connection"]["grantedScopes"]) == {"openid", "items:read", "items:write"}
    assert ended["connection"]["account"]["accountId"] == "alice"
    assert ended["connection"]["integrations"]["nodes"] == [{"id": app.id}]
