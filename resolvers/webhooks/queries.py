"""Webhooks and deliveries: the lists of them, and one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, false, not_, or_
from sqlmodel import col

from models.row import first_id
from models.tables import Delivery, Webhook
from models.vocabulary import Permission, UpstreamFailure, WorkState
from resolvers.filters import among, at_least, before, equal, matching
from resolvers.operation import operation
from resolvers.page import NEWEST_FIRST, Slice, SliceRequest
from resolvers.work import Work

_MESSAGE_ID: Final = re.compile(r"msg_([0-9a-f]{24})")
#: The most by which a row's id and its time differ: they may come from two clocks.
_SKEW_MS: Final = 60_000


@dataclass(frozen=True, kw_only=True)
class DeliveryFilter:
    """Conditions on deliveries; all must hold. Types may end in `*`. `status_class` 2 is 200 to 299. Times in ms.

    `message_id`: the header `webhook-id`. HELD and QUEUED mean the same as `state_of`.
    """

    state: tuple[WorkState, ...] | None = None
    event_type: tuple[str, ...] | None = None
    entity_id: str | None = None
    webhook_id: tuple[str, ...] | None = None
    status_class: tuple[int, ...] | None = None
    failure: tuple[UpstreamFailure, ...] | None = None
    message_id: str | None = None
    since: int | None = None
    until: int | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The conditions in SQL."""
        return [
            *self._states(),
            *matching(col(Delivery.event_type), self.event_type),
            *equal(col(Delivery.entity_id), self.entity_id),
            *among(col(Delivery.webhook_id), self.webhook_id),
            *among(col(Delivery.status_class), self.status_class),
            *among(col(Delivery.failure), self.failure),
            *self._message(),
            *at_least(col(Delivery.created_at), self.since),
            *before(col(Delivery.created_at), self.until),
            *self._ids(),
        ]

    def _states(self) -> list[ColumnElement[bool]]:
        """The stored words as they are; HELD and QUEUED also ask whether the webhook takes deliveries."""
        if self.state is None:
            return []
        held = exists().where(col(Webhook.id) == col(Delivery.webhook_id), col(Webhook.enabled).is_(False))
        waits, words = col(Delivery.state) == WorkState.QUEUED, set(self.state)
        stored = words - {WorkState.HELD, WorkState.QUEUED}
        either: list[ColumnElement[bool]] = [col(Delivery.state).in_(sorted(stored))] if stored else []
        match WorkState.HELD in words, WorkState.QUEUED in words:
            case True, True:
                either.append(waits)
            case True, False:
                either.append(and_(waits, held))
            case False, True:
                either.append(and_(waits, not_(held)))
        return [or_(*either) if either else false()]

    def _message(self) -> list[ColumnElement[bool]]:
        if self.message_id is None:
            return []
        found = _MESSAGE_ID.fullmatch(self.message_id)
        return [col(Delivery.id) == found[1] if found else false()]

    def _ids(self) -> list[ColumnElement[bool]]:
        """The times as ids, by which the indexes are ordered."""
        first = None if self.since is None else first_id(self.since - _SKEW_MS)
        last = None if self.until is None else first_id(self.until + _SKEW_MS)
        since = [] if first is None else [col(Delivery.id) >= first]
        return since if last is None else [*since, col(Delivery.id) < last]


@operation(needs=Permission.WEBHOOKS_READ, reads=True)
async def list_webhooks(work: Work, page: SliceRequest) -> Slice[Webhook]:
    """List webhooks of the organization, newest first."""
    return await work.slice(work.mine(Webhook), Webhook, NEWEST_FIRST, page)


@operation(needs=Permission.WEBHOOKS_READ, reads=True)
async def read_webhook(work: Work, id: str) -> Webhook | None:
    """Read one webhook; None if there is none."""
    return await work.find(Webhook, id)


@operation(needs=Permission.WEBHOOKS_READ, reads=True)
async def list_deliveries(work: Work, filter: DeliveryFilter, page: SliceRequest) -> Slice[Delivery]:
    """List deliveries of all webhooks of the organization, newest first."""
    chosen = work.mine(Delivery).where(*filter.conditions())
    if filter.state == (WorkState.HELD,):
        chosen = chosen.where(_any_disabled(work))
    return await work.slice(chosen, Delivery, NEWEST_FIRST, page)


@operation(needs=Permission.WEBHOOKS_READ, reads=True)
async def read_delivery(work: Work, id: str) -> Delivery | None:
    """Read one delivery; None if there is none."""
    return await work.find(Delivery, id)


def _any_disabled(work: Work) -> ColumnElement[bool]:
    """Whether the organization has a disabled webhook: without one, no waiting delivery has to be looked at."""
    mine = col(Webhook.organization_id) == work.organization_id
    return exists().where(mine, col(Webhook.enabled).is_(False)).correlate(None)
