"""Sealing the origins: envelopes of before the origins' columns are sealed anew, so that they authenticate those."""

from __future__ import annotations

import logging
from typing import Final

from models.errors import SecretUnreadable
from models.tables import metadata
from resolvers.hub import Hub
from resolvers.rotation.columns import SecretColumn, secret_columns
from resolvers.rotation.rows import Envelope, Replacement, SecretRows, secret_rows

_log: Final = logging.getLogger("patchbay.keys")


async def seal_origins(hub: Hub) -> int:
    """Seal every secret together with the origins of its row. Answers how many were left to do.

    It goes in batches and may be killed, repeated, or run by several processes at once: an envelope is replaced only
    if nobody has changed it since. Secrets that do not open stay as they are. Raises Unavailable.
    """
    sealed = 0
    async with secret_rows(hub.database) as rows:
        for column in secret_columns(metadata):
            if column.origins is not None:
                sealed += await _seal(hub, rows, column)
    if sealed:
        _log.info("Sealed %d secrets together with their origins", sealed)
    return sealed


async def _seal(hub: Hub, rows: SecretRows, column: SecretColumn) -> int:
    sealed = 0
    async for batch in rows.walk_unbound(column):
        renewed = [_renewed(hub, column, one) for one in batch]
        sealed += await rows.replace(column, [one for one in renewed if one is not None])
    return sealed


def _renewed(hub: Hub, column: SecretColumn, envelope: Envelope) -> Replacement | None:
    place = column.place(envelope.row_id, envelope.organization_id, envelope.origins)
    try:
        plaintext = hub.keyring.open(envelope.sealed, place)
    except SecretUnreadable:  # a call that needs it says so, and a rotation names it
        return None
    return Replacement(row_id=envelope.row_id, old=envelope.sealed, new=hub.keyring.seal(plaintext, place))
