"""Organizations with one of everything: two that tests share, and one for each test that changes something."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from models.database import Database
from tests.harness.estate import Estate, found_estate
from tests.harness.lending import Lending
from tests.harness.server import RunningHub
from tests.harness.tenants import Tenant
from tests.kit.app_calls import publish_for_everybody
from tests.upstreams.faults import FaultServer

MakeEstate = Callable[[], Awaitable[Estate]]


@pytest.fixture(scope="session")
def build_estate(
    hub: RunningHub, new_lasting_organization: Callable[[], Awaitable[Tenant]], faults: FaultServer
) -> MakeEstate:
    """Makes estates that outlive a test: `await build_estate()`. Beside them there is a public app of nobody's."""
    publishers: list[Tenant] = []

    async def build() -> Estate:
        if not publishers:
            publishers.append(await new_lasting_organization())
            await publish_for_everybody(hub, publishers[0])
        return await found_estate(hub, await new_lasting_organization(), faults.url)

    return build


@pytest.fixture(scope="session")
async def victim(build_estate: MakeEstate) -> Estate:
    """The estate whose things are named by tests that are refused or only look: nothing may change it."""
    return await build_estate()


@pytest.fixture(scope="session")
async def stranger(build_estate: MakeEstate) -> Estate:
    """The estate of the one that names them, and may do everything at home. Nothing may change it either."""
    return await build_estate()


@pytest.fixture(scope="session")
def estates(database: Database, build_estate: MakeEstate) -> Lending[Estate]:
    """Estates for tests that change them."""
    return Lending(database, build_estate)


@pytest.fixture
async def new_estate(estates: Lending[Estate]) -> AsyncIterator[MakeEstate]:
    """Gives the test estates of its own: `await new_estate()`."""
    async with AsyncExitStack() as stack:
        yield lambda: stack.enter_async_context(estates.lent())


@pytest.fixture
async def estate(new_estate: MakeEstate) -> Estate:
    """One estate of the test's own."""
    return await new_estate()
