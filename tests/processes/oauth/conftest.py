"""The fixtures of the tests of tokens."""

from tests.oauth.conftest import provider, vendor  # noqa: F401
