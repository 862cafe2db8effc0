"""The door, served once for each of uvicorn's parsers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.door.server import Door, serve


@pytest.fixture(scope="session")
def shared_door() -> Iterator[Door]:
    yield from serve("httptools")


@pytest.fixture
def door(shared_door: Door) -> Door:
    """The server, with nothing done or said yet."""
    shared_door.added.clear()
    shared_door.logged.clear()
    return shared_door


@pytest.fixture(scope="session", params=["httptools", "h11"])
def any_door(request: pytest.FixtureRequest) -> Iterator[Door]:
    """On each of uvicorn's parsers."""
    yield from serve(request.param)
