"""Rows with a secret in every column that takes one, many of them, and what stands in those columns."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import configure_mappers

from models.database import Database
from models.row import new_id
from models.secret import Keyring, version_mark
from models.secret_place import SecretPlace
from models.tables import (
    Connection,
    ConnectSession,
    Dispatch,
    Installation,
    InstallationPlace,
    Integration,
    Job,
    Organization,
    Place,
    Publication,
    Run,
    RunError,
    RunStep,
    Webhook,
    metadata,
)
from models.vocabulary import (
    AuthType,
    ConnectionMode,
    ConnectSessionStatus,
    FlowTriggerKind,
    HttpMethod,
    PlaceKind,
    RecordFault,
    Source,
)
from resolvers.rotation.columns import secret_columns

_SOME = 1000


async def organization_of(database: Database) -> str:
    """The id of the one that there is."""
    async with database.read() as session:
        return (await session.execute(select(Organization.id))).scalars().one()


async def seal_everywhere(database: Database, keyring: Keyring) -> dict[SecretPlace, bytes]:
    """A row for each secret column of the tables; answers what is in them."""
    rows = _rows(await organization_of(database))
    plain: dict[SecretPlace, bytes] = {}
    for row in rows:
        for column in secret_columns(metadata):
            if column.table == row.__tablename__:
                place = column.place(row.id, row.organization_id)
                plain[place] = f"{column} of {row.id} 🔑\0".encode()
                setattr(row, column.column, keyring.seal(plain[place], place))
    async with database.write() as session:
        for row in rows:
            session.add(row)
            await session.flush()
    return plain


def _rows(organization_id: str) -> list[Any]:
    owner = {"organization_id": organization_id}
    integration = Integration(
        **owner, handler="A", slug="a", name="A", name_key="a", vendor="custom", search_text="a"
    )
    link = {"integration_id": integration.id}
    installation = Installation(**owner, **link, handler="A")
    site = PlaceKind.SITE
    flow_id = new_id()
    run = Run(**owner, flow_id=flow_id, flow_name="A", trigger=FlowTriggerKind.MANUAL, correlation_id=new_id())
    failed = {"run_id": run.id, "flow_id": flow_id, "position": 0, "fault": RecordFault.VALUE}
    place = Place(**owner, kind=site, name="A", name_key="a")
    return [
        integration,
        installation,
        place,
        InstallationPlace(**owner, **link, installation_id=installation.id, place_id=place.id, kind=site),
        Publication(**owner, **link, name="a", name_key="a", digest="0", published_at=0),
        _connection(organization_id),
        Dispatch(
            **owner,
            source=Source.GRAPHQL,
            method=HttpMethod.GET,
            url="http://x",
            request_digest="0",
            correlation_id=new_id(),
            deadline_at=0,
        ),
        ConnectSession(**owner, status=ConnectSessionStatus.OPEN, integration_ids=[], expires_at=0),
        Webhook(**owner, name="Hook", url="https://receiver.example.com", secrets=b""),
        Job(**owner, queue="idle", operation="idle", caption="Idle", run_at=0, max_attempts=1),
        run,
        RunStep(**owner, run_id=run.id, position=0),
        RunError(**owner, **failed, group_digest="0", record_key="0", message="No"),
    ]


async def seal_connections(database: Database, keyring: Keyring, count: int) -> None:
    """So many connections, each with a secret that says whose it is."""
    configure_mappers()
    owner = await organization_of(database)
    for start in range(0, count, _SOME):
        rows = [_connection(owner) for _ in range(min(_SOME, count - start))]
        for row in rows:
            row.secret = keyring.seal(row.id.encode(), connection_place(row.organization_id, row.id))
        async with database.write() as session:
            await session.execute(insert(Connection), [row.model_dump() for row in rows])


def connection_place(organization_id: str, row_id: str) -> SecretPlace:
    """Of the secret of a connection."""
    return SecretPlace(organization_id=organization_id, table="connection", row_id=row_id, column="secret")


async def envelopes(database: Database) -> dict[SecretPlace, bytes]:
    """Every envelope that there is."""
    found: dict[SecretPlace, bytes] = {}
    async with database.read() as session:
        for column in secret_columns(metadata):
            table = metadata.tables[column.table]
            parts = (table.c[column.key], table.c.organization_id, table.c[column.column])
            for row_id, organization_id, sealed in await session.execute(select(*parts)):
                if sealed is not None:
                    found[column.place(row_id, organization_id)] = sealed
    return found


async def versions(database: Database) -> Counter[int]:
    """How many of them each key has sealed."""
    return Counter(int.from_bytes(sealed[1:5], "big") for sealed in (await envelopes(database)).values())


async def sealed_with(database: Database, version: int) -> int:
    """How many connections' secrets a key has sealed."""
    mark = func.substr(Connection.secret, 2, 4) == version_mark(version)
    async with database.read() as session:
        return (await session.execute(select(func.count()).select_from(Connection).where(mark))).scalar_one()


async def readable(database: Database, keyring: Keyring) -> int:
    """How many rows open with these keys, and say what they should."""
    found = await envelopes(database)
    return sum(keyring.open(sealed, place) == place.row_id.encode() for place, sealed in found.items())


def _connection(organization_id: str) -> Any:
    return Connection(
        organization_id=organization_id,
        name="Some",
        name_key="some",
        mode=ConnectionMode.SHARED,
        auth_type=AuthType.BEARER,
        secret=b"",
    )
