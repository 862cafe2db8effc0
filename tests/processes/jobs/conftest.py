"""The fixtures of the engine's tests."""

from tests.jobs.conftest import bus, driver, queue, start_worker, tenant  # noqa: F401  fixtures of both packages
