"""Capabilities to which a token is limited: each with the digest of its declaration at this time."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    tokens = sa.table("token", sa.column("id"), sa.column("allowed_capabilities"))
    capabilities = sa.table("capability", sa.column("id"), sa.column("digest"))
    connection = op.get_bind()
    lists = sa.select(tokens.c.id, tokens.c.allowed_capabilities).where(tokens.c.allowed_capabilities.like("[%"))
    known = connection.execute(sa.select(capabilities.c.id, capabilities.c.digest))
    digests = {row.id: row.digest for row in known}
    for token_id, stored in connection.execute(lists).all():
        pinned = json.dumps({one: digests.get(one, "") for one in json.loads(stored)})
        connection.execute(sa.update(tokens).where(tokens.c.id == token_id).values(allowed_capabilities=pinned))
