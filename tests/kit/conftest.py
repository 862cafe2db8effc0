"""Two organizations with one of everything, which the tests of refusals share: nothing may change them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from tests.harness.estate import Estate, found_estate
from tests.harness.graphql import GraphQL
from tests.harness.server import PLAIN_HTTP, RunningHub
from tests.harness.tenants import found_organization
from tests.upstreams.faults import FaultServer


@pytest.fixture(scope="session")
async def estates(hub: RunningHub, faults: FaultServer) -> AsyncIterator[tuple[Estate, Estate]]:
    """A victim and a stranger."""
    async with httpx.AsyncClient(base_url=hub.url, timeout=60, **PLAIN_HTTP) as http:

        def graphql(token: str | None = None) -> GraphQL:
            return GraphQL(http, token)

        made = [await found_estate(hub, await found_organization(hub, graphql), faults.url) for _ in range(2)]
        yield made[0], made[1]


@pytest.fixture(scope="session")
def victim(estates: tuple[Estate, Estate]) -> Estate:
    """Whose things are named."""
    return estates[0]


@pytest.fixture(scope="session")
def stranger(estates: tuple[Estate, Estate]) -> Estate:
    """Who names them, and may do everything at home."""
    return estates[1]


@pytest.fixture
async def new_estate(hub, new_organization, faults: FaultServer) -> Callable[[], Awaitable[Estate]]:
    """Makes estates of the test's own: `await new_estate()`."""

    async def make() -> Estate:
        return await found_estate(hub, await new_organization(), faults.url)

    return make


@pytest.fixture
async def estate(new_estate: Callable[[], Awaitable[Estate]]) -> Estate:
    """One estate of the test's own."""
    return await new_estate()
