"""Fixtures of the outbound calls' tests."""

from __future__ import annotations

import pytest

LOOPS = {"asyncio": "asyncio", "uvloop": ("asyncio", {"use_uvloop": True})}


@pytest.fixture(scope="session", params=LOOPS.values(), ids=LOOPS.keys())
def anyio_backend(request: pytest.FixtureRequest) -> str | tuple[str, dict[str, bool]]:
    """Both event loops: uvicorn takes uvloop where it is there, and sockets are made differently on it."""
    return request.param
