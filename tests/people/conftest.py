"""An issuer of JWTs, and hubs that trust it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import pytest

from server import create_app
from settings import Settings
from tests.harness.graphql import GraphQL
from tests.harness.server import RunningHub, served
from tests.people.issuer import AUDIENCE, Issuer


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
def start_hub(database_url, master_keys, tmp_path) -> Iterator[Callable[..., RunningHub]]:
    """Starts further hubs over the session's database: `start_hub(jwt_issuer=…)`."""
    started = []

    def start(**settings: object) -> RunningHub:
        started.append(served(create_app(_settings(database_url, master_keys, tmp_path, **settings))))
        return started[-1].__enter__()

    yield start
    for hub in reversed(started):
        hub.__exit__(None, None, None)


@pytest.fixture(scope="module")
def trusting(database_url, master_keys, trusted: Issuer, tmp_path_factory) -> Iterator[RunningHub]:
    """A hub that takes the issuer's JWTs."""
    with served(
        create_app(
            _settings(
                database_url,
                master_keys,
                tmp_path_factory.mktemp("trusting"),
                **trust(trusted, jwt_algorithms="RS256,ES256,Ed25519"),
            )
        )
    ) as hub:
        yield hub


@pytest.fixture
async def ask(trusting: RunningHub) -> AsyncIterator[Callable[..., GraphQL]]:
    """A client of that hub: `ask(token)`, `ask(token, X_Hub_Id=…)`."""
    async with httpx.AsyncClient(base_url=trusting.url, timeout=60, trust_env=False) as client:
        yield lambda token=None, **headers: GraphQL(client, token, **headers)


def trust(issuer: Issuer, **more: object) -> dict[str, object]:
    """Settings that trust an issuer."""
    return {"jwt_issuer": issuer.name, "jwt_audience": AUDIENCE, "jwt_keys": issuer.url} | more


def _settings(database_url: str, master_keys: str, home, **more: object) -> Settings:
    return Settings(
        home=home,
        database_url=database_url,
        master_keys=master_keys,
        egress_allow="127.0.0.0/8",
        worker=False,  # the session's hub does
        **more,
    )
