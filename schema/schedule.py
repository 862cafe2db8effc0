"""Schedules of flows: an expression in words, with its next times."""

from __future__ import annotations

import strawberry

from resolvers.schedules import queries
from schema.kit.context import Info
from schema.kit.field import column
from schema.kit.mutation import answering, asked
from schema.kit.node import view
from schema.kit.page import optional
from schema.kit.result import Result
from schema.kit.scalars import DateTime

_COST = 100

strawberry.enum(queries.ClockChange, description=queries.ClockChange.__doc__)


@view(queries.ScheduledTime, "A time of a schedule.")
class ScheduledTime:
    at: DateTime = column("When. A flow that is not `exact` starts up to ten seconds later.")
    local: str = column("The same by the zone's clock, with its offset, such as `2026-03-08T03:00:00-04:00`.")
    change: queries.ClockChange | None = column("What the clock does then, if it does not just go on.")


@view(queries.SchedulePreview, "An expression in words, with its next times. Nothing is changed.")
class SchedulePreview:
    words: str = column("The expression in English.")
    times: list[ScheduledTime] = column("The next times, in their order.")


SchedulePreviewResult = Result("SchedulePreviewResult", SchedulePreview, "A preview, or why there is none.")


async def _preview(
    info: Info, cron: str, time_zone: str = "UTC", n: int = 10, after: DateTime | None = strawberry.UNSET
) -> object:
    return await asked(info, queries.preview_schedule, cron, time_zone, n, optional(after))


@strawberry.type
class Queries:
    """Root fields of this noun."""

    preview_schedule = answering(
        queries.preview_schedule,
        SchedulePreviewResult,
        _preview,
        "A cron expression of five fields in words, with its next `n` times, 1 to 100, after now or `after`.",
        metadata={"cost": _COST, "rows": queries.MOST_TIMES},
    )
