"""The order of tests: long ones first, so that no worker is left alone with one at the end."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Declares the marker."""
    config.addinivalue_line("markers", "long: takes over ten seconds, and runs before all shorter ones")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keeps the order of all others, which pytest has grouped by their fixtures."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
