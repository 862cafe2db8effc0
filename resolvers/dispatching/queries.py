"""Dispatches: the list of them, and the plan of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import col

from models.errors import Forbidden, InvalidInput, NotFound
from models.tables import Capability, Connection, Dispatch, Idempotency
from models.vocabulary import (
    DispatchOutcome,
    HttpMethod,
    IdempotencyFate,
    Permission,
    Source,
    UnavailableReason,
)
from resolvers.dispatching.build import Candidate, RunCapability, build, candidate
from resolvers.dispatching.mutations import OPERATION
from resolvers.filters import among, at_least, before
from resolvers.idempotency import key_owner
from resolvers.oauth.renewal import renewal_obstacle
from resolvers.operation import operation
from resolvers.outbound.request import Outbound
from resolvers.page import NEWEST_FIRST, Slice, SliceRequest
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class DispatchFilter:
    """Conditions on dispatches; all must hold. An outcome of None means under way. Times in ms since 1970 UTC."""

    outcome: tuple[DispatchOutcome | None, ...] | None = None
    integration_id: tuple[str, ...] | None = None
    connection_id: tuple[str, ...] | None = None
    source: tuple[Source, ...] | None = None
    since: int | None = None
    until: int | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The conditions in SQL."""
        return [
            *self._outcomes(),
            *among(col(Dispatch.integration_id), self.integration_id),
            *among(col(Dispatch.connection_id), self.connection_id),
            *among(col(Dispatch.source), self.source),
            *at_least(col(Dispatch.created_at), self.since),
            *before(col(Dispatch.created_at), self.until),
        ]

    def _outcomes(self) -> list[ColumnElement[bool]]:
        if self.outcome is None:
            return []
        ended = [word for word in self.outcome if word is not None]
        under_way = [col(Dispatch.outcome).is_(None)] if None in self.outcome else []
        return [or_(*among(col(Dispatch.outcome), ended), *under_way)]


@dataclass(frozen=True, kw_only=True)
class DispatchPlan:
    """The exact request that a dispatch would send, with secrets masked."""

    allowed: bool
    reason: UnavailableReason | None
    blocked_by: str | None
    missing_scopes: tuple[str, ...]
    capability: Capability
    connection: Connection | None
    method: HttpMethod
    url: str
    headers: tuple[tuple[str, str], ...]
    body: Any
    idempotency: IdempotencyFate


@operation(needs=Permission.DISPATCHES_READ, reads=True)
async def list_dispatches(work: Work, filter: DispatchFilter, page: SliceRequest) -> Slice[Dispatch]:
    """List dispatches of the organization, newest first."""
    return await work.slice(work.mine(Dispatch).where(*filter.conditions()), Dispatch, NEWEST_FIRST, page)


@operation(
    needs=(Permission.DISPATCH_READ, Permission.DISPATCH_WRITE),
    refuses=(NotFound, InvalidInput, Forbidden),
    reads=True,
)
async def plan_dispatch(work: Work, run: RunCapability) -> DispatchPlan:
    """Build the masked request that a dispatch of this command would send. Nothing is sent."""
    chosen = await candidate(work, run)
    outbound = await build(work, chosen, run.idempotency_key)
    blocked_by = work.hub.egress.policy.objection(outbound.request.url)
    reason = chosen.ready.reason or await _renewal_reason(work, chosen, outbound)
    fate = await _fate(work, run.idempotency_key, chosen.digest)
    return _plan(chosen, outbound, reason, blocked_by, fate)


async def _renewal_reason(work: Work, chosen: Candidate, outbound: Outbound) -> UnavailableReason | None:
    """Why the token of the call could not be renewed before it; None if it need not be, or could."""
    if chosen.connection is None or outbound.held is None or not outbound.held.due:
        return None
    obstacle = await renewal_obstacle(work, chosen.connection)
    return obstacle.reason if obstacle else None


def _plan(
    chosen: Candidate,
    outbound: Outbound,
    reason: UnavailableReason | None,
    blocked_by: str | None,
    fate: IdempotencyFate,
) -> DispatchPlan:
    return DispatchPlan(
        allowed=reason is None and blocked_by is None and fate is not IdempotencyFate.CONFLICT,
        reason=reason,
        blocked_by=blocked_by,
        missing_scopes=chosen.ready.missing_scopes,
        capability=chosen.capability,
        connection=chosen.picked.shown,
        method=chosen.capability.method,
        url=outbound.shown_url(),
        headers=outbound.shown_headers(),
        body=chosen.bound.shown(("inputs",)),
        idempotency=fate,
    )


async def _fate(work: Work, key: str | None, digest: str) -> IdempotencyFate:
    if key is None:
        return IdempotencyFate.NONE
    held = await work.first(
        select(Idempotency).filter_by(
            organization_id=work.organization_id,
            principal_or_token_id=key_owner(work),
            operation=OPERATION,
            key=key,
        )
    )
    if held is None or held.expires_at <= work.now():
        return IdempotencyFate.NEW
    same = held.request_digest == digest and await work.find(Dispatch, held.result_id or "") is not None
    return IdempotencyFate.REPLAY if same else IdempotencyFate.CONFLICT
