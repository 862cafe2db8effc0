"""Fixtures of the tests of dispatch."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from settings import Settings
from tests.harness.graphql import GraphQL
from tests.harness.server import PLAIN_HTTP, served
from tests.harness.tenants import Tenant, found_organization


@pytest.fixture
def another_hub(
    settings_beside: Callable[..., Settings], tmp_path: Path
) -> Callable[..., AbstractAsyncContextManager[Tenant]]:
    """A second hub over the same database, with other settings; yields an organization whose clients call it."""
    from server import create_app

    @asynccontextmanager
    async def start(**settings: object):
        with served(create_app(settings_beside(tmp_path, **settings))) as hub:
            async with httpx.AsyncClient(base_url=hub.url, timeout=60, **PLAIN_HTTP) as http:
                yield await found_organization(hub, lambda token=None, **named: GraphQL(http, token, **named))

    return start
