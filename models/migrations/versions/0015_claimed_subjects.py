"""Claimed subjects: memberships that never decide for JWTs that name no organization."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    column = sa.Column("subject_claimed", sa.Boolean(), server_default=sa.false(), nullable=False)
    op.add_column("principal", column)
    mark_all_but_the_first()


def mark_all_but_the_first() -> None:
    """Of each subject the memberships after the first, as long as it decided by this order; not the operator's."""
    names = ("id", "subject", "subject_confirmed", "subject_claimed")
    one = sa.table("principal", *(sa.column(name) for name in names))
    other = one.alias("other")
    earlier = sa.or_(other.c.subject_confirmed.is_(sa.true()), other.c.id < one.c.id)
    others = sa.exists().where(other.c.subject == one.c.subject, other.c.id != one.c.id, earlier)
    claims = sa.update(one).where(one.c.subject.is_not(None), one.c.subject_confirmed.is_(sa.false()), others)
    op.get_bind().execute(claims.values(subject_claimed=sa.true()))
