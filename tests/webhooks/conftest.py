"""Fixtures of the webhooks' tests."""

import pytest

from models.secret import Keyring
from tests.webhooks.records import new_records


@pytest.fixture
def keyring(master_keys):
    """The keys of the session's database."""
    return Keyring.parse(master_keys)


@pytest.fixture
async def records(database, keyring):
    """Webhooks and deliveries of an organization of the test's own."""
    return await new_records(database, keyring)
