"""Soundness: stored schemas that today's rules would refuse, for the operator."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlmodel import col

from models.tables import Capability, EventType, Integration, Organization
from proxy.inputs import Validator
from resolvers.operation import OPERATOR, operation
from resolvers.work import Work

_BATCH: Final = 500
_Judging = type[Capability] | type[EventType]
#: The tables with schemas by which calls are judged, and their columns.
_JUDGING: Final[tuple[tuple[_Judging, str], ...]] = ((Capability, "input_schema"), (EventType, "payload_schema"))


@operation(needs=OPERATOR, reads=True)
async def list_unsound_schemas(work: Work) -> Sequence[str]:
    """A sentence for each stored schema by which no value can be judged, such as one with a look-ahead in a regex.

    They were stored under earlier rules. Calls that meet them are refused until their author corrects them.
    """
    sentences = []
    for model, column in _JUDGING:
        async for row, handler, slug in _rows(work, model):
            schema = getattr(row, column)
            fault = Validator.of(schema).unsound if schema is not None else None
            if fault is not None:
                place = ".".join((column, *fault.path))
                sentences.append(f"{slug}: {handler}, {row.name}: {place}: {fault.message}")
    return sentences


async def _rows(work: Work, model: _Judging) -> AsyncIterator[tuple[Any, str, str]]:
    """Every row of a table in all organizations, with its integration's handler and its organization's slug."""
    last = ""
    every = (
        select(model, col(Integration.handler), col(Organization.slug))
        .join(Integration, col(Integration.id) == col(model.integration_id))
        .join(Organization, col(Organization.id) == col(Integration.organization_id))
        .where(col(Integration.removed_at).is_(None))
        .order_by(col(model.id))
        .limit(_BATCH)
    )
    while batch := (await work.session.execute(every.where(col(model.id) > last))).all():
        for row, handler, slug in batch:
            yield row, handler, slug
        last = batch[-1][0].id
        work.session.expunge_all()
