"""A catalogue update moves no secret, unless its file lists the new host and the operator migrates."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from hub.wiring import build_hub
from models.database import Database
from models.migrations import upgrade
from models.origins import Origins
from models.secret import Keyring
from models.secret_column import secret_place
from models.tables import AuditEntry, Connection, Integration
from models.vocabulary import AuthType, ConnectionMode
from resolvers.caller import Caller
from resolvers.connections.mutations import (
    CreateConnection,
    RegisterConnections,
    create_connection,
    register_connections,
)
from resolvers.credentials.hosts import add_hosts
from resolvers.definitions.mutations import sync_catalogue
from resolvers.definitions.reading import read_definition
from resolvers.hub import Hub
from resolvers.integrations.auth import IntegrationAuth
from resolvers.integrations.creation import CreateIntegration
from resolvers.integrations.mutations import create_integration
from resolvers.outbound.request import Header
from resolvers.people.organization import CreateOrganization, create_organization
from resolvers.secret import OAuth2Secret, Secret
from settings import Settings
from tests.harness.acting import PROBLEM
from tests.harness.backends import both
from tests.harness.programs import Start
from tests.harness.server import child_environment
from tests.harness.tenants import Tenant

OLD, NEW, LOGIN = "https://api.acme.example:443", "https://api.acme-new.example:443", "https://login.acme.example:443"
KEYS = Keyring.generate()
ACME: dict[str, Any] = {
    "vendor": "acme",
    "name": "Acme",
    "category": "other",
    "source": [{"page": "https://docs.acme.example", "date": "2026-11-30", "for": "everything"}],
    "auth": {
        "type": "OAUTH2",
        "apiBaseUrl": "https://api.acme.example/v1",
        "authorizationUrl": "https://login.acme.example/authorize",
        "tokenUrl": "https://login.acme.example/token",
    },
}
MOVED = ACME | {"hosts": ["https://api.acme-new.example/v2"]}


@pytest.fixture
async def wired(empty_database: Database, tmp_path) -> AsyncIterator[Hub]:
    """A hub over a database of the test's own."""
    address = empty_database.url.render_as_string(hide_password=False)
    hub = build_hub(Settings(home=tmp_path, database_url=address, master_keys=KEYS))
    await upgrade(hub.database)
    yield hub
    await hub.recorder.close()
    await hub.database.close()


async def stored(hub: Hub) -> dict[str, Origins]:
    """The origins of every secret, by its name; each of them opens."""
    async with hub.database.read() as session:
        rows = [*(await session.execute(select(Connection))).scalars()]
        (app,) = (await session.execute(select(Integration).where(col(Integration.vendor) == "acme"))).scalars()
    for row, column in [*((row, "secret") for row in rows), (app, "client_secret"), (app, "headers")]:
        assert hub.keyring.open(getattr(row, column), secret_place(row, column))
    kept = {row.name: row.secret_origins for row in rows}
    kept |= {"client": app.client_secret_origins, "headers": app.headers_origins}
    return {name: Origins.read(text) for name, text in kept.items()}


def bound(*api: str, token: tuple[str, ...] = ()) -> Origins:
    return Origins(api=frozenset(api), token=frozenset(token))


@pytest.fixture
def migrate(tmp_path: Path, wired: Hub, fork: Start) -> Callable[[], None]:
    """Runs the operator's command over a catalogue of the moved vendor."""
    folder = tmp_path / "catalogue"
    folder.mkdir()
    (folder / "acme.yaml").write_text(json.dumps(MOVED))

    def run() -> None:
        address = wired.database.url.render_as_string(hide_password=False)
        given = child_environment(home=tmp_path, database_url=address, master_keys=KEYS, catalogue=folder)
        with (tmp_path / "out").open("wb") as out:
            assert fork(["cli.py", "migrate"], given, out, out).wait(120) == 0, (tmp_path / "out").read_text()

    return run


@both
async def test_only_the_operator_adds_a_host_to_secrets_of_its_vendor(wired: Hub, migrate: Callable[[], None]):
    operator = Caller.operator(wired)
    await sync_catalogue(operator, [read_definition(ACME)])
    made = await create_organization(operator, CreateOrganization(name="Acme"))
    caller = Caller.operator(wired, made.organization.id)
    auth = IntegrationAuth(client_id="hub", client_secret="client-secret", headers=[Header(name="X", value="y")])
    tokens = Secret(oauth2=OAuth2Secret(access_token="at", refresh_token="rt"))
    app = await create_integration(caller, CreateIntegration(name="here", vendor="acme", auth=auth, secret=tokens))
    elsewhere = IntegrationAuth(type=AuthType.API_KEY, api_base_url="https://other.example")
    other = await create_integration(caller, CreateIntegration(name="there", auth=elsewhere))
    key = CreateConnection(
        name="elsewhere", secret=Secret(api_key="key"), mode=ConnectionMode.SHARED, integration_id=other.id
    )
    stranger = await create_connection(caller, key)
    await register_connections(caller, RegisterConnections(integration_id=app.id, connection_ids=[stranger.id]))

    before = await stored(wired)
    await sync_catalogue(operator, [read_definition(MOVED)])
    updated = await stored(wired)
    await asyncio.to_thread(migrate)
    after = await stored(wired)
    again = await add_hosts(Caller.of_hub(wired))

    of_vendor = {"here": bound(OLD, token=(LOGIN,))} | dict.fromkeys(
        ("client", "headers"), bound(OLD, token=(LOGIN,))
    )
    assert before == updated == of_vendor | {"elsewhere": bound("https://other.example:443")}
    moved = bound(OLD, NEW, token=(LOGIN, NEW))
    assert after == dict.fromkeys(of_vendor, moved) | {"elsewhere": bound("https://other.example:443")}
    assert (await stored(wired), again) == (after, app.id)
    async with wired.database.read() as session:
        told = select(AuditEntry.resource_type).where(col(AuditEntry.action) == "secret.hosts_added")
        assert sorted((await session.execute(told)).scalars()) == ["Connection", "Integration"]


async def test_an_organizations_own_definition_lists_no_hosts(organization: Tenant):
    document = (
        f"mutation($input: SaveDefinitionInput!) {{ saveDefinition(input: $input) {{ __typename {PROBLEM} }} }}"
    )

    refused = (await organization.client.query(document, input={"vendor": "acme", "definition": MOVED}))[
        "saveDefinition"
    ]

    assert (refused["code"], refused["path"]) == ("INVALID_INPUT", ["input", "definition", "hosts"])
