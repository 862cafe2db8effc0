"""Expressions as a hub has them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from proxy.expressions import Budget, Expressions


@pytest.fixture
async def expressions() -> AsyncIterator[Expressions]:
    """With the usual budget."""
    made = Expressions(Budget())
    yield made
    made.close()
