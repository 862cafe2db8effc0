"""Webhooks and deliveries: the lists of them, and one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, exists, false, not_, or_, select
from sqlmodel import col

from models.row import first_id
from models.tables import Delivery, Webhook
from models.vocabulary import Permission, UpstreamFailure, WorkState
from resolvers.filters import among, at_least, before, equal, matching, unindexed
from resolvers.merging import MOST_LISTS, merged, names, parts
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
        # An entity has few deliveries: its index is the one to read.
        column: Callable[[Any], Any] = col if self.entity_id is None else unindexed
        return [
            *self._states(column(Delivery.state)),
            *matching(column(Delivery.event_type), self.event_type),
            *equal(col(Delivery.entity_id), self.entity_id),
            *among(column(Delivery.webhook_id), self.webhook_id),
            *among(column(Delivery.status_class), self.status_class),
            *among(column(Delivery.failure), self.failure),
            *self._message(),
            *at_least(col(Delivery.created_at), self.since),
            *before(col(Delivery.created_at), self.until),
            *self._ids(),
        ]

    def _states(self, state: ColumnElement[Any]) -> list[ColumnElement[bool]]:
        """The stored words as they are; HELD and QUEUED also ask whether the webhook takes deliveries."""
        if self.state is None:
            return []
        held = exists().where(col(Webhook.id) == col(Delivery.webhook_id), col(Webhook.enabled).is_(False))
        waits, words = state == WorkState.QUEUED, set(self.state)
        stored = words - {WorkState.HELD, WorkState.QUEUED}
        either: list[ColumnElement[bool]] = [state.in_(sorted(stored))] if stored else []
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
    return await work.slice(await _chosen(work, filter, page), Delivery, NEWEST_FIRST, page)


@operation(needs=Permission.WEBHOOKS_READ, reads=True)
async def read_delivery(work: Work, id: str) -> Delivery | None:
    """Read one delivery; None if there is none."""
    return await work.find(Delivery, id)


async def _chosen(work: Work, filter: DeliveryFilter, page: SliceRequest) -> Select[Delivery]:
    """The deliveries of a filter, or those of them that the slice needs."""
    chosen = work.mine(Delivery).where(*filter.conditions())
    if filter.state == (WorkState.HELD,):
        chosen = chosen.where(_any_disabled(work))
    if page.offset or page.count:
        return chosen
    lists = [work.mine(Delivery).where(*part.conditions()) for part in await _parts(work, filter)]
    return merged(lists, Delivery, page)


async def _parts(work: Work, filter: DeliveryFilter) -> Sequence[DeliveryFilter]:
    """Filters that together have all deliveries of a filter, each with an index in the order of ids."""
    if filter.entity_id is not None or filter.message_id is not None:
        return [filter]
    mine = col(Delivery.organization_id) == work.organization_id
    types = await names(work.session, col(Delivery.event_type), mine, filter.event_type)
    states = _states_apart(filter)
    apart = [part for state in states for part in await _webhooks_apart(work, state)]
    lists = {"event_type": types, "failure": filter.failure, "status_class": filter.status_class}
    return parts(apart if len(apart) <= MOST_LISTS else states, lists)


def _states_apart(filter: DeliveryFilter) -> list[DeliveryFilter]:
    """One filter for each state. HELD with QUEUED is one: all that wait, whatever their webhook."""
    if filter.state is None:
        return [filter]
    states = [(state,) for state in dict.fromkeys(filter.state)]
    waiting = [(WorkState.HELD,), (WorkState.QUEUED,)]
    if all(each in states for each in waiting):
        both = (WorkState.HELD, WorkState.QUEUED)
        return [replace(filter, state=words) for words in [both, *(each for each in states if each not in waiting)]]
    return [replace(filter, state=words) for words in states]


async def _webhooks_apart(work: Work, filter: DeliveryFilter) -> Sequence[DeliveryFilter]:
    """One filter for each webhook; of HELD or QUEUED alone, only for webhooks that have such ones."""
    if filter.state not in ((WorkState.HELD,), (WorkState.QUEUED,)):
        return parts([filter], {"webhook_id": filter.webhook_id})
    enabled = col(Webhook.enabled).is_(filter.state == (WorkState.QUEUED,))
    chosen = select(col(Webhook.id)).where(col(Webhook.organization_id) == work.organization_id, enabled)
    narrow = chosen.where(*among(col(Webhook.id), filter.webhook_id)).limit(MOST_LISTS + 1)
    return parts([filter], {"webhook_id": (await work.session.execute(narrow)).scalars().all()})


def _any_disabled(work: Work) -> ColumnElement[bool]:
    """Whether the organization has a disabled webhook: without one, no waiting delivery has to be looked at."""
    mine = col(Webhook.organization_id) == work.organization_id
    return exists().where(mine, col(Webhook.enabled).is_(False)).correlate(None)
