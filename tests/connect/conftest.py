"""Fixtures: a certified OAuth provider, integrations at it, and browsers for people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.connect.people import App, make_app, new_browser
from tests.harness.server import RunningHub
from tests.harness.tenants import Tenant
from tests.node.provider import Provider, mock_provider, oidc_provider


@pytest.fixture(scope="session")
def provider(hub: RunningHub) -> Iterator[Provider]:
    """panva's provider, which knows the hub as a client and insists on PKCE."""
    callbacks = [f"{hub.url}/oauth2/callback", f"{hub.url}/informer/oauth2/callback"]
    with oidc_provider(callbacks, scopes=["items:read", "items:write"]) as provider:
        yield provider


@pytest.fixture(scope="session")
def faulty_provider() -> Iterator[Provider]:
    """A provider that can be told how to answer; a test heals it afterwards."""
    with mock_provider() as provider:
        yield provider


@pytest.fixture
def new_app(organization: Tenant, provider: Provider) -> Callable[..., Awaitable[App]]:
    """Makes OAuth integrations of the test's organization at the certified provider."""

    async def make(tenant: Tenant = organization, **more: Any) -> App:
        return await make_app(tenant, more.pop("provider", provider), **more)

    return make


@pytest.fixture
def browser(hub: RunningHub) -> Iterator[httpx.Client]:
    """A person's browser, without JavaScript; it follows no redirect by itself."""
    with new_browser(hub) as browser:
        yield browser


@pytest.fixture
def another_browser(hub: RunningHub) -> Iterator[httpx.Client]:
    """Somebody else's."""
    with new_browser(hub) as browser:
        yield browser
