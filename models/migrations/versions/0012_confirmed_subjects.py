"""Subjects that the operator entered: they decide for JWTs before those that administrators entered."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    column = sa.Column("subject_confirmed", sa.Boolean(), server_default=sa.false(), nullable=False)
    op.add_column("principal", column)
    confirm_those_of_the_operator()


def confirm_those_of_the_operator() -> None:
    """The audit log says which users the operator made."""
    principals = sa.table("principal", *(sa.column(name) for name in ("id", "subject", "subject_confirmed")))
    entries = sa.table("audit_entry", *(sa.column(name) for name in ("action", "source", "resource_id")))
    made = sa.select(entries.c.resource_id).where(entries.c.action == "principal.created", entries.c.source == "CLI")
    confirmed = sa.update(principals).where(principals.c.subject.is_not(None), principals.c.id.in_(made))
    op.get_bind().execute(confirmed.values(subject_confirmed=sa.true()))
