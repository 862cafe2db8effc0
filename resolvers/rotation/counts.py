"""Counts of stored secrets by master key."""

from __future__ import annotations

from collections.abc import Mapping

from models.tables import metadata
from resolvers.hub import Hub
from resolvers.rotation.columns import SecretColumn, secret_columns
from resolvers.rotation.rows import secret_rows

Counts = Mapping[SecretColumn, Mapping[int, int]]


async def count_secrets(hub: Hub) -> Counts:
    """The number of secrets by column and key version, counted outside transactions. Raises Unavailable."""
    async with secret_rows(hub.database) as rows:
        return {column: await rows.count(column) for column in secret_columns(metadata)}


def older_than(version: int, counts: Counts) -> int:
    """The number of secrets sealed by older keys than this version."""
    return sum(count for of_column in counts.values() for key, count in of_column.items() if key < version)
