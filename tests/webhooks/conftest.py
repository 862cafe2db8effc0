"""Fixtures of the webhooks' tests."""

from contextlib import AsyncExitStack

import pytest

from hub.wiring import build_hub
from models.secret import Keyring
from tests.webhooks.courier import Courier
from tests.webhooks.records import new_records


@pytest.fixture
def keyring(master_keys):
    """The keys of the session's database."""
    return Keyring.parse(master_keys)


@pytest.fixture
async def records(database, keyring):
    """Webhooks and deliveries of an organization of the test's own."""
    return await new_records(database, keyring)


@pytest.fixture
async def new_hub(settings_beside, tmp_path):
    """Makes hubs over the session's database that reach loopback and run no jobs: `await new_hub(pace=…)`."""
    async with AsyncExitStack() as stack:

        async def make(**settings):
            hub = build_hub(settings_beside(tmp_path, **{"egress_allow": "127.0.0.0/8"} | settings))
            stack.push_async_callback(hub.database.close)
            stack.push_async_callback(hub.recorder.close)
            stack.callback(hub.expressions.close)
            await stack.enter_async_context(hub.egress)
            return hub

        yield make


@pytest.fixture
async def courier(new_hub, records):
    """Attempts at deliveries of that organization."""
    return Courier(hub=await new_hub(), records=records)
