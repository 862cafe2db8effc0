"""Markets for tests of installing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.installing.market import Market, found_market


@pytest.fixture
def new_market(hub, database, graphql, new_organization) -> Callable[..., Awaitable[Market]]:
    """Makes markets: `await new_market(account={…}, target=…)`."""

    async def make(**published: Any) -> Market:
        return await found_market(hub, database, graphql, new_organization, **published)

    return make


@pytest.fixture
async def market(new_market) -> Market:
    """One of an app for everybody, on all places, without a schema."""
    return await new_market()
