"""Fixtures of the outbound calls' tests."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The event loop that the hub runs on."""
    return "asyncio"
