"""Renewal: other rules of time zones move the next times of schedules."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlmodel import col

from models.tables import Flow
from resolvers.operation import OPERATOR, operation
from resolvers.schedules.cron import check_cron
from resolvers.schedules.firing import move, time_of
from resolvers.schedules.times import next_after
from resolvers.schedules.zones import UTC, check_zone, zone_rules
from resolvers.work import Work

_BATCH: Final = 500


@operation(needs=OPERATOR)
async def renew_schedules(work: Work, now: int | None = None) -> int:
    """Compute the next times of up to 500 flows anew that other rules have given. Answers how many there were.

    A time that has come stays: the flow has missed it, or is about to run. Every other one is after `now`, in ms
    since 1970 UTC; by the database's clock if it is None.
    """
    moment = await time_of(work, now)
    statement = (
        select(col(Flow.id), col(Flow.cron), col(Flow.time_zone), col(Flow.next_run_at))
        .where(col(Flow.enabled), col(Flow.next_run_at).is_not(None))
        .where(col(Flow.zone_rules).is_distinct_from(zone_rules()))
        .order_by(col(Flow.id))
        .limit(_BATCH)
        .with_for_update(key_share=True)
    )
    flows = (await work.session.execute(statement)).all()
    await move(
        work, [(_renewed(cron or "", zone or UTC, due, moment), flow_id) for flow_id, cron, zone, due in flows]
    )
    return len(flows)


def _renewed(cron: str, zone: str, due: int | None, now: int) -> int | None:
    if (due is not None and due <= now) or check_zone(zone) or check_cron(cron):
        return due  # a zone that is gone is reported when the flow is due
    return next_after(cron, zone, now)
