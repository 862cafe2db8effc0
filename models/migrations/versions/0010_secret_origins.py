"""Secrets know the origins that they were entered for: those that stand now, for every secret there is."""

import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from models.origins import Origins
from models.row import new_id

revision = "0010"
down_revision = "0009"

_SLOT = re.compile(r"\{([^{}]*)\}")
_INTEGRATION = (
    "SELECT i.id, i.organization_id, i.api_base_url, i.token_url, i.revocation_url, i.parameters, i.definition_id,"
    " i.client_secret IS NOT NULL AS has_client_secret, i.headers IS NOT NULL AS has_headers FROM integration i"
)
_BOUND = (
    "SELECT c.id, c.organization_id, c.base_url, c.auth_type, r.integration_id FROM connection c"
    " LEFT JOIN registration r ON r.connection_id = c.id"
)


def upgrade() -> None:
    op.add_column("connection", sa.Column("secret_origins", sa.Text(), nullable=True))
    op.add_column("integration", sa.Column("client_secret_origins", sa.Text(), nullable=True))
    op.add_column("integration", sa.Column("headers_origins", sa.Text(), nullable=True))
    _bind(op.get_bind())


def _bind(database: sa.Connection) -> None:
    integrations = list(database.execute(sa.text(_INTEGRATION)))
    connections = list(database.execute(sa.text(_BOUND)))
    away, bodies = _endpoints(database), _bodies(database)
    beside = {row.id: Origins.of(api=_called(row, away, bodies), token=_told(row)) for row in integrations}
    shared = {row.id: beside[row.id] | Origins.of(api=[row.api_base_url]) for row in integrations}
    known: dict[str, Counter[str]] = defaultdict(Counter)

    of_connection: dict[str, Origins] = {}
    fetched: dict[str, Origins] = defaultdict(Origins)
    owners = {}
    for row in connections:
        own = Origins.of(api=[row.base_url])
        used = shared if row.base_url is None else beside  # its own base address is used instead of the integration's
        there = used.get(row.integration_id, Origins())
        of_connection[row.id] = of_connection.get(row.id, Origins()) | own | there
        owners[row.id] = row.organization_id
    for row in connections:  # a token that a client's secret gets may go on to all that it goes to now
        if row.auth_type == "CLIENT_CREDENTIALS" and row.integration_id is not None:
            fetched[row.integration_id] |= Origins(api=of_connection[row.id].api)
    _write(database, "connection", "secret_origins", {id: one.text() for id, one in of_connection.items()})
    for id in of_connection:
        known[owners[id]]["connections"] += 1

    clients = {row.id: (shared[row.id] | fetched[row.id]).text() for row in integrations if row.has_client_secret}
    headers = {row.id: shared[row.id].text() for row in integrations if row.has_headers}
    _write(database, "integration", "client_secret_origins", clients)
    _write(database, "integration", "headers_origins", headers)
    for row in integrations:
        known[row.organization_id]["clientSecrets"] += int(row.id in clients)
        known[row.organization_id]["headers"] += int(row.id in headers)
    _tell(database, known)


def _endpoints(database: sa.Connection) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    statement = "SELECT integration_id, endpoint FROM capability WHERE endpoint NOT LIKE '/%'"
    for row in database.execute(sa.text(statement)):
        found[row.integration_id].append(row.endpoint)
    return found


def _bodies(database: sa.Connection) -> dict[str, dict[str, Any]]:
    return {row.id: json.loads(row.body) for row in database.execute(sa.text("SELECT id, body FROM definition"))}


def _called(row: Any, away: dict[str, list[str]], bodies: dict[str, dict[str, Any]]) -> Iterator[str | None]:
    parameters = json.loads(row.parameters or "{}")
    yield from away.get(row.id, ())
    body = bodies.get(row.definition_id)
    if body is None:
        yield _filled(parameters.get("accountUri"), {})
        return
    requests = [(body.get(name) or {}).get("request") or {} for name in ("verification", "account")]
    for address in ((body.get("auth") or {}).get("userinfoUrl"), *(request.get("path") for request in requests)):
        yield _filled(address, parameters)


def _told(row: Any) -> tuple[str | None, str | None]:
    return row.token_url, row.revocation_url


def _filled(address: Any, parameters: dict[str, Any]) -> str | None:
    """An absolute address with its parameters; None for a path."""
    if not isinstance(address, str) or address.startswith("/"):
        return None
    return _SLOT.sub(lambda slot: str(parameters.get(slot[1]) or ""), address)


def _write(database: sa.Connection, table: str, column: str, texts: dict[str, str]) -> None:
    statement = sa.text(f"UPDATE {table} SET {column} = :text WHERE id = :id")
    if texts:
        database.execute(statement, [{"id": id, "text": text} for id, text in texts.items()])


def _tell(database: sa.Connection, known: dict[str, Counter[str]]) -> None:
    """One audit entry for each organization that has a secret, with the number of its secrets."""
    entries = sa.table(
        "audit_entry",
        *map(sa.column, ("id", "organization_id", "created_at", "action", "source", "actor_name")),
        *map(sa.column, ("resource_type", "resource_id", "changes", "request_id")),
    )
    now = time.time_ns() // 1_000_000
    rows = [
        {
            "id": new_id(now),
            "organization_id": organization_id,
            "created_at": now,
            "action": "secrets.bound",
            "source": "HUB",
            "actor_name": "hub",
            "resource_type": "Organization",
            "resource_id": organization_id,
            "changes": json.dumps(
                [{"path": name, "oldValue": None, "newValue": count} for name, count in counts.items() if count]
            ),
            "request_id": new_id(now),
        }
        for organization_id, counts in known.items()
        if counts.total()
    ]
    if rows:
        database.execute(sa.insert(entries), rows)
