"""Master keys in the database: enter new ones, choose the sealing one, mark removed ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import select, text
from sqlmodel import col

from models.errors import Conflict, NotFound
from models.secret import Keyring
from models.secret_place import SecretPlace
from models.tables import MasterKey
from resolvers.history import audit_unreadable
from resolvers.hub import Hub
from resolvers.operation import OPERATOR, READS, WRITES, exchange, operation
from resolvers.rotation.columns import SecretColumn
from resolvers.rotation.counts import count_secrets
from resolvers.work import Work

_ADD: Final = text(
    "INSERT INTO master_key (version, fingerprint, created_at, sealing_since, completed_at)"
    " VALUES (:version, :fingerprint, :now, :sealing, :sealing) ON CONFLICT (version) DO NOTHING"
)


@operation(needs=OPERATOR, refuses=(Conflict,))
async def admit_keys(work: Work) -> int:
    """Enter the new keys of this process, and answer the version that seals; in a new database, the newest.

    Raises Conflict, with a sentence for the operator, if a key that seals or has sealed is missing or has changed.
    """
    ring, now = work.hub.keyring, work.now()
    first = not await _known(work)
    for version in ring.versions:
        seals = first and version == ring.versions[-1]
        facts = {"version": version, "fingerprint": ring.fingerprint(version)}
        await work.session.execute(_ADD, facts | {"now": now, "sealing": now if seals else None})
    known = await _known(work)
    for key in known:
        _check(ring, key)
    return sealing_version(known)


@operation(needs=OPERATOR, refuses=(Conflict, NotFound))
async def begin_sealing(work: Work, version: int) -> None:
    """Make every process seal with this key from now on. Raises Conflict if a newer one seals already, NotFound."""
    key = await _find(work, version)
    if sealing_version(await _known(work)) > version:
        raise Conflict(f"A newer master key than {version} seals already.")
    if key.sealing_since is None:
        key.sealing_since = work.now()


@operation(needs=OPERATOR, refuses=(NotFound,))
async def complete_rotation(work: Work, version: int) -> None:
    """Record that every secret is sealed with this key and opens: the next rotation needs another key."""
    (await _find(work, version)).completed_at = work.now()


async def _load_key(work: Work, version: int) -> int:
    await _find(work, version)
    return version


async def _count_sealed(hub: Hub, version: int) -> Mapping[SecretColumn, int]:
    """Count the secrets that this key sealed, outside the transaction, since it reads every secret.

    The count cannot grow: this key no longer seals, or `retire_key` refuses.
    """
    counts = await count_secrets(hub)
    return {column: found[version] for column, found in counts.items() if version in found}


@exchange(_load_key, _count_sealed, loads=READS, records=WRITES, needs=OPERATOR, refuses=(Conflict, NotFound))
async def retire_key(work: Work, version: int, sealed: Mapping[SecretColumn, int]) -> None:
    """Mark a key as removed. Raises Conflict if it still seals, or if a stored secret is sealed with it."""
    if sealed:
        used = ", ".join(f"{count} of {column}" for column, count in sealed.items())
        raise Conflict(f"Master key {version} still seals {used}; run `keys rotate` first.")
    key = await _find(work, version)
    if sealing_version(await _known(work)) <= version:
        raise Conflict(f"Master key {version} cannot be removed before a newer one seals; run `keys rotate` first.")
    key.removed_at = key.removed_at or work.now()


@operation(needs=OPERATOR)
async def record_unreadable(work: Work, place: SecretPlace) -> None:
    """Audit a secret that does not open, in the organization of its row."""
    await audit_unreadable(work, place)


def sealing_version(known: Sequence[MasterKey]) -> int:
    """The newest key that has begun to seal; 0 if none has."""
    return max((key.version for key in known if key.sealing_since is not None), default=0)


async def _known(work: Work) -> list[MasterKey]:
    return await work.all(select(MasterKey).order_by(col(MasterKey.version)))


async def _find(work: Work, version: int) -> MasterKey:
    found = await work.first(select(MasterKey).where(col(MasterKey.version) == version).with_for_update())
    if found is None:
        raise NotFound("master key")
    return found


def _check(ring: Keyring, key: MasterKey) -> None:
    here = key.version in ring.versions
    if here and ring.fingerprint(key.version) != key.fingerprint:
        raise Conflict(
            f"Master key {key.version} is not the key with which this database's secrets are sealed;"
            " put the right one back."
        )
    if not here and key.sealing_since is not None and key.removed_at is None:
        raise Conflict(f"Master key {key.version} is missing, and this database's secrets need it; put it back.")
