"""The caller of a flow's calls: its user or its app's token, with the permissions of this moment."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Select, bindparam, or_
from sqlmodel import col

from models.errors import Forbidden, Unauthenticated
from models.straight import columns_of
from models.tables import Flow, Principal, Token
from models.vocabulary import RunReason, Source, WorkState
from resolvers.authenticate import caller_of_token, caller_of_user
from resolvers.caller import Caller
from resolvers.hub import Hub
from resolvers.lookup import FoundToken
from resolvers.runs.ends import RunEnded, RunSuspended

GONE: Final = "The flow was deleted."
_NOBODY: Final = (
    "The user or app that the flow runs as is disabled or gone; someone who may change flows can take it over with"
    " takeOverFlow."
)


async def actor_of(hub: Hub, organization_id: str, flow_id: str) -> Caller:
    """The caller that a flow runs as, in one read: whoever loses a permission loses it for the next record.

    Raises RunSuspended if that user or token may not act, RunEnded if the flow is gone.
    """
    values = {"id": flow_id, "organization_id": organization_id}
    rows = await hub.database.straight.rows(_actor, entities=(Flow, Token, Principal), values=values)
    if not rows:
        raise RunEnded(WorkState.CANCELLED, RunReason.FLOW_DELETED, GONE)
    flow, token = rows[0][0], rows[0][1]
    users = {user.id: user for _, _, user in rows if user is not None}
    try:
        if flow.run_as_id in users:
            return caller_of_user(hub, users[flow.run_as_id], source=Source.FLOW)
        if token is not None:
            found = FoundToken(
                token=token, principal=users.get(token.principal_id), maker=users.get(token.created_by)
            )
            return await caller_of_token(hub, found, source=Source.FLOW)
    except (Unauthenticated, Forbidden) as refusal:
        raise RunSuspended(RunReason.RUN_AS, _NOBODY) from refusal
    raise RunSuspended(RunReason.RUN_AS, _NOBODY)


def _actor() -> Select[Any]:
    """One row for each user that decides, at least one."""
    users = or_(
        col(Principal.id) == col(Flow.run_as_id),
        col(Principal.id).in_([col(Token.principal_id), col(Token.created_by)]),
    )
    return (
        columns_of(Flow, Token, Principal)
        .select_from(Flow)
        .outerjoin(Token, col(Token.id) == col(Flow.run_as_token_id))
        .outerjoin(Principal, users)
        .where(col(Flow.id) == bindparam("id"), col(Flow.organization_id) == bindparam("organization_id"))
    )
