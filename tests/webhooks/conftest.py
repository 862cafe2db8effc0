"""An organization with a shop that declares events, whose webhooks a test makes."""

from __future__ import annotations

import pytest

from tests.harness.graphql import GraphQL
from tests.webhooks.acting import open_shop


@pytest.fixture
async def client(organization) -> GraphQL:
    """Its administrator's."""
    await open_shop(organization.client)
    return organization.client
