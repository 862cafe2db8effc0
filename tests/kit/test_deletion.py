"""A deleted integration keeps its history and nothing else, whatever tables there are."""

from __future__ import annotations

from sqlalchemy import update
from sqlmodel import col

from models.tables import ConnectSession
from resolvers.integrations.deletion import (
    DeletedIntegration,
    delete_integration,
    finish_deletion,
    forget_connections,
)
from tests.harness.rows import snapshot

HISTORY = {
    *("attempt", "audit_entry", "connect_session", "delivery", "dispatch", "event", "job"),
    *("run", "run_error", "run_step"),
}


async def test_a_deleted_integration_keeps_its_history_and_nothing_else(estate, database):
    app = estate.integration.id
    chosen = update(ConnectSession).where(col(ConnectSession.organization_id) == estate.tenant.id)
    async with database.write() as session:
        await session.execute(chosen.values(integration_id=app))
    before = await _tables_with_rows_of(app, estate, database)

    await estate.run(delete_integration, app)
    await estate.run(forget_connections, DeletedIntegration(id=app))
    await estate.run(finish_deletion, app)

    removed = before - await _tables_with_rows_of(app, estate, database)
    assert before - removed == HISTORY
    assert {"capability", "event_type", "installation", "registration", "share", "token", "workspace"} <= removed


async def _tables_with_rows_of(integration_id, estate, database):
    rows = await snapshot(database, estate.tenant.id)
    return {
        table
        for table, found in rows.items()
        if any(row.get("integration_id") == integration_id for row in found.values())
    }
