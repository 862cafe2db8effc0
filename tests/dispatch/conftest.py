"""Fixtures of the tests of dispatch."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx
import pytest

from settings import Settings
from tests.harness.graphql import GraphQL
from tests.harness.server import PLAIN_HTTP, RunningHub, served
from tests.harness.tenants import Tenant, found_organization
from tests.upstreams.faults import FaultServer


@pytest.fixture(scope="module")
async def shared(hub: RunningHub) -> AsyncIterator[Tenant]:
    """An organization for those tests of a module that only look at what they are answered."""
    async with httpx.AsyncClient(base_url=hub.url, timeout=60, **PLAIN_HTTP) as http:
        yield await found_organization(hub, lambda token=None, **named: GraphQL(http, token, **named))


@pytest.fixture(scope="module")
def service() -> Iterator[FaultServer]:
    """A fault server that the tests of a module share."""
    with FaultServer() as server:
        yield server


@pytest.fixture(scope="module")
def another_hub(
    settings_beside: Callable[..., Settings], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., AbstractAsyncContextManager[Tenant]]:
    """A second hub over the same database, with other settings; yields an organization whose clients call it."""
    from server import create_app

    @asynccontextmanager
    async def start(**settings: object):
        with served(create_app(settings_beside(tmp_path_factory.mktemp("home"), **settings))) as hub:
            async with httpx.AsyncClient(base_url=hub.url, timeout=60, **PLAIN_HTTP) as http:
                yield await found_organization(hub, lambda token=None, **named: GraphQL(http, token, **named))

    return start
