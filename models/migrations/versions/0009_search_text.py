"""What is searched in: kept folded for capabilities and principals too, so that both databases find alike."""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

SOURCES = {
    "capability": ("name", "description"),
    "integration": ("name", "description", "vendor"),
    "principal": ("display_name", "username"),
}


def upgrade() -> None:
    for table in ("capability", "principal"):
        op.add_column(table, sa.Column("search_text", sa.Text(), nullable=True))
    for table, sources in SOURCES.items():
        _fill(table, sources)
    for table in ("capability", "principal"):
        with op.batch_alter_table(table) as altered:
            altered.alter_column("search_text", existing_type=sa.Text(), nullable=False)


def _fill(table: str, sources: tuple[str, ...]) -> None:
    columns = sa.table(table, *(sa.column(name) for name in ("id", "search_text", *sources)))
    connection = op.get_bind()
    rows = connection.execute(sa.select(columns.c.id, *(columns.c[name] for name in sources))).all()
    folded = [
        {"row": row_id, "text": unicodedata.normalize("NFKC", "\n".join(texts)).casefold()} for row_id, *texts in rows
    ]
    if folded:
        change = sa.update(columns).where(columns.c.id == sa.bindparam("row")).values(search_text=sa.bindparam("text"))
        connection.execute(change, folded)
