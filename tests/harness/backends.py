"""Which databases a test runs on: PostgreSQL, unless it says otherwise.

`@both` marks tests in which the database decides: SQL and its order, text, locks, migrations, what several callers
do at once, and what each operation changes and refuses. Protocols, negotiation, refusals of input and the form of
answers stand above the database and run on one.
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
    """Gives each test that uses a database those that it runs on."""
    if "backend" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("backends")
        metafunc.parametrize("backend", marker.args if marker else (POSTGRESQL,), indirect=True, scope="session")
