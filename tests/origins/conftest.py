"""Fixtures: the service that secrets are entered for, and another one that must get nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connect.conftest import another_browser, browser  # noqa: F401  fixtures of both packages
from tests.harness.apps import Apps
from tests.harness.tenants import Tenant
from tests.oauth.conftest import connect, vendor  # noqa: F401  fixtures of both packages
from tests.upstreams.canned import reply
from tests.upstreams.faults import FaultServer

ME = reply(b'{"ok":true,"id":"7"}')


@pytest.fixture(scope="module")
def service() -> Iterator[FaultServer]:
    """The service whose address stands when secrets are entered."""
    with FaultServer() as server:
        server.answers["/me"] = ME
        yield server


@pytest.fixture(scope="module")
def thief() -> Iterator[FaultServer]:
    """Another service, at another port; `connections` stays 0."""
    with FaultServer() as server:
        server.answers["/me"] = ME
        yield server


@pytest.fixture
def apps(hub, database, organization: Tenant) -> Apps:
    """Apps of the test's organization."""
    return Apps(hub=hub, database=database, tenant=organization)
