"""Events have a number in the order of commit, and the body that receivers get, frozen."""

from datetime import UTC, datetime

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

ID = sa.CHAR(24).with_variant(sa.CHAR(24, collation="C"), "postgresql")
_BATCH = 500
# Events were made in the order of their ids, as far as anybody knows now.
_NUMBER = """UPDATE event SET sequence = numbered.sequence, entity_sequence = numbered.entity_sequence
FROM (SELECT id, row_number() OVER (PARTITION BY organization_id ORDER BY id) AS sequence,
 row_number() OVER (PARTITION BY organization_id, entity_id ORDER BY id) AS entity_sequence FROM event) AS numbered
WHERE event.id = numbered.id"""
_COUNT = """INSERT INTO event_sequence (organization_id, sequence)
SELECT organization_id, max(sequence) FROM event GROUP BY organization_id"""
_COUNT_ENTITIES = """INSERT INTO entity_sequence (organization_id, entity_id, sequence, used_at)
SELECT organization_id, entity_id, max(entity_sequence), max(created_at) FROM event
GROUP BY organization_id, entity_id"""


def upgrade() -> None:
    _make_counters()
    for name, kind in (("sequence", sa.BigInteger()), ("entity_sequence", sa.BigInteger()), ("body", sa.Text())):
        op.add_column("event", sa.Column(name, kind, nullable=True))
    op.execute(_NUMBER)
    op.execute(_COUNT)
    op.execute(_COUNT_ENTITIES)
    _freeze(op.get_bind())
    with op.batch_alter_table("event") as altered:
        altered.alter_column("sequence", existing_type=sa.BigInteger(), nullable=False)
        altered.alter_column("entity_sequence", existing_type=sa.BigInteger(), nullable=False)
        altered.drop_column("payload")
        altered.create_unique_constraint("uq_event_organization_id_sequence", ["organization_id", "sequence"])


def _make_counters() -> None:
    op.create_table(
        "event_sequence",
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        _of_organization("event_sequence"),
        sa.PrimaryKeyConstraint("organization_id", name="pk_event_sequence"),
    )
    op.create_table(
        "entity_sequence",
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("entity_id", sa.String(length=255), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        _of_organization("entity_sequence"),
        sa.PrimaryKeyConstraint("organization_id", "entity_id", name="pk_entity_sequence"),
    )
    op.create_index("ix_entity_sequence_used_at", "entity_sequence", ["used_at"])


def _of_organization(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_organization_id"
    return sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=name, ondelete="CASCADE")


def _freeze(database: sa.Connection) -> None:
    """Write the body of every event, in batches: there may be more of them than fit into memory."""
    names = ("id", "type", "created_at", "entity_id", "sequence", "entity_sequence", "payload", "body")
    event = sa.table("event", *(sa.column(name) for name in names))
    read = sa.select(event).order_by(event.c.id).limit(_BATCH)
    write = sa.update(event).where(event.c.id == sa.bindparam("row")).values(body=sa.bindparam("frozen"))
    last = ""
    while rows := database.execute(read.where(event.c.id > last)).all():
        database.execute(write, [{"row": row.id, "frozen": _body(row)} for row in rows])
        last = rows[-1].id


def _body(row: sa.Row) -> str:
    moment = datetime.fromtimestamp(row.created_at / 1000, UTC)
    members = {
        "id": row.id,
        "type": row.type,
        "timestamp": moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{row.created_at % 1000:03d}Z",
        "entityId": row.entity_id,
        "sequence": row.sequence,
        "entitySequence": row.entity_sequence,
        "data": orjson.Fragment(row.payload),
    }
    return orjson.dumps(members).decode()
