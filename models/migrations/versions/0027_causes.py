"""Jobs are found by what caused them."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"

_CAUSED = sa.text("cause_kind IS NOT NULL AND operation <> 'webhook.deliver'")


def upgrade() -> None:
    op.create_index(
        "ix_job_caused", "job", ["correlation_id", "id"], sqlite_where=_CAUSED, postgresql_where=_CAUSED
    )
