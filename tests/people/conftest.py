"""An issuer of JWTs, and hubs that trust it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import pytest

from server import create_app
from tests.harness.graphql import GraphQL
from tests.harness.server import PLAIN_HTTP, RunningHub, served
from tests.people.issuer import AUDIENCE, Issuer

LOOPBACK = "127.0.0.0/8"


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """Of the test's own."""
    with Issuer() as issuer:
        yield issuer


@pytest.fixture(scope="module")
def trusted() -> Iterator[Issuer]:
    """The one that `trusting` trusts, for tests that leave its keys alone."""
    with Issuer() as issuer:
        issuer.add("curve", "ES256")
        issuer.add("edwards", "Ed25519")
        issuer.add("encrypts", "RS256", use="enc")
        issuer.add("other", "RS256", alg="RS512")
        yield issuer


@pytest.fixture
def start_hub(settings_beside, tmp_path) -> Iterator[Callable[..., RunningHub]]:
    """Starts further hubs over the session's database: `start_hub(jwt_issuer=…)`."""
    started = []

    def start(**settings: object) -> RunningHub:
        started.append(served(create_app(settings_beside(tmp_path, egress_allow=LOOPBACK, **settings))))
        return started[-1].__enter__()

    yield start
    for hub in reversed(started):
        hub.__exit__(None, None, None)


@pytest.fixture(scope="module")
def trusting(settings_beside, trusted: Issuer, tmp_path_factory) -> Iterator[RunningHub]:
    """A hub that takes the issuer's JWTs."""
    trust_it = trust(trusted, jwt_algorithms="RS256,ES256,Ed25519")
    settings = settings_beside(tmp_path_factory.mktemp("trusting"), egress_allow=LOOPBACK, **trust_it)
    with served(create_app(settings)) as hub:
        yield hub


@pytest.fixture
async def ask(trusting: RunningHub) -> AsyncIterator[Callable[..., GraphQL]]:
    """A client of that hub: `ask(token)`, `ask(token, X_Hub_Id=…)`."""
    async with httpx.AsyncClient(base_url=trusting.url, timeout=60, **PLAIN_HTTP) as client:
        yield lambda token=None, **headers: GraphQL(client, token, **headers)


def trust(issuer: Issuer, **more: object) -> dict[str, object]:
    """Settings that trust an issuer."""
    return {"jwt_issuer": issuer.name, "jwt_audience": AUDIENCE, "jwt_keys": issuer.url} | more
