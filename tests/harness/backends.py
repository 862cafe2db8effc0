"""The databases that a test runs on: PostgreSQL unless it has another mark.

`@both` marks tests whose result depends on the database: SQL and its order, text, locks, migrations, concurrency, and
the matrix of operations. Protocol, negotiation, refusals of input and rendering do not depend on it: one is enough.
"""

from __future__ import annotations

from typing import Final

import pytest

POSTGRESQL: Final = "postgresql"
SQLITE: Final = "sqlite"
#: For a test, or as `pytestmark` for a module.
both: Final = pytest.mark.backends(SQLITE, POSTGRESQL)
on_sqlite: Final = pytest.mark.backends(SQLITE)
on_postgresql: Final = pytest.mark.backends(POSTGRESQL)


def pytest_configure(config: pytest.Config) -> None:
    """Declares the marker."""
    config.addinivalue_line("markers", "backends(*names): the databases that the test runs on")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrizes each test that uses a database."""
    if "backend" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("backends")
        metafunc.parametrize("backend", marker.args if marker else (POSTGRESQL,), indirect=True, scope="session")
