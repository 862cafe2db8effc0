"""The fixtures of the tests of keys."""

from tests.keys.conftest import beside, operated  # noqa: F401
