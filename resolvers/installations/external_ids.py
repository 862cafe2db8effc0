"""External ids: the ids that an app gives an installation, or a place of it, to find it again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.tables import ExternalId, Installation, InstallationPlace
from resolvers.caller import Caller
from resolvers.changes import changed
from resolvers.faults import NAME, Faults
from resolvers.loaders.edge import Relation
from resolvers.unset import Unset
from resolvers.work import Work

#: External ids of one installation, and of one place of it.
MOST_EXTERNAL_IDS: Final = 5


def check_external_ids(faults: Faults, path: str, values: Sequence[str] | Unset | None) -> None:
    """Add a fault for more than five different ids, and for each that is empty or longer than 255 letters."""
    if isinstance(values, Unset) or values is None:
        return
    few = len(set(values)) <= MOST_EXTERNAL_IDS
    if faults.check(few, path, f"At most {MOST_EXTERNAL_IDS} external ids."):
        for index, value in enumerate(values):
            faults.text((path, str(index)), value, most=NAME, least=1)


async def save_external_ids(
    work: Work, row: Installation | InstallationPlace, values: Sequence[str] | Unset | None
) -> list[dict[str, Any]]:
    """Replace the external ids of an installation or of a place of it; each is kept once. None: it has none.

    Answers the change for the audit.
    """
    if isinstance(values, Unset):
        return []
    kept = list(dict.fromkeys(values or ()))
    before = list((await external_ids(work.session, [row])).get(row.id, ()))
    if kept == before:
        return []
    await work.session.execute(delete(ExternalId).where(*_of([row])))
    of_installation = isinstance(row, Installation)
    for position, value in enumerate(kept):
        work.add(
            ExternalId(
                organization_id=row.organization_id,
                integration_id=row.integration_id,
                installation_id=row.id if isinstance(row, Installation) else row.installation_id,
                installation_place_id=None if of_installation else row.id,
                value=value,
                position=position,
            )
        )
    return changed("externalIds", before, kept)


async def external_ids(
    session: AsyncSession, rows: Sequence[Installation | InstallationPlace]
) -> dict[str, tuple[str, ...]]:
    """The external ids of installations, or of places of them, by the id of the row."""
    if not rows:
        return {}
    return await _read(session, _of(rows), by_place=isinstance(rows[0], InstallationPlace))


async def _of_installations(session: AsyncSession, caller: Caller, keys: Sequence[str]) -> dict[str, tuple[str, ...]]:
    own = col(ExternalId.installation_id).in_(keys), col(ExternalId.installation_place_id).is_(None)
    return await _read(session, own, by_place=False)


async def _of_places(session: AsyncSession, caller: Caller, keys: Sequence[str]) -> dict[str, tuple[str, ...]]:
    return await _read(session, [col(ExternalId.installation_place_id).in_(keys)], by_place=True)


async def _read(
    session: AsyncSession, conditions: Sequence[ColumnElement[bool]], *, by_place: bool
) -> dict[str, tuple[str, ...]]:
    key = col(ExternalId.installation_place_id) if by_place else col(ExternalId.installation_id)
    found: Any = await session.execute(
        select(key, col(ExternalId.value)).where(*conditions).order_by(key, col(ExternalId.position))
    )
    values: dict[str, list[str]] = defaultdict(list)
    for row_id, value in found:
        values[row_id].append(value)
    return {row_id: tuple(each) for row_id, each in values.items()}


def _of(rows: Sequence[Installation | InstallationPlace]) -> list[ColumnElement[bool]]:
    ids = [row.id for row in rows]
    if isinstance(rows[0], InstallationPlace):
        return [col(ExternalId.installation_place_id).in_(ids)]
    return [col(ExternalId.installation_id).in_(ids), col(ExternalId.installation_place_id).is_(None)]


EXTERNAL_IDS_BY_INSTALLATION = Relation(load=_of_installations)
EXTERNAL_IDS_BY_PLACE = Relation(load=_of_places)
