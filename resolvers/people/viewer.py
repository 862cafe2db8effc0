"""The viewer, and rows by global id."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlmodel import col

from models.errors import Forbidden, InvalidInput
from models.row import Row
from models.tables import Organization, Principal, Token
from models.vocabulary import Permission
from resolvers.operation import operation
from resolvers.page import BY_ID, Slice, SliceRequest
from resolvers.work import Work

MOST_NODES: Final = 100


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """The organization and principal of a request, and its permissions."""

    organization: Organization
    organizations: Sequence[Organization]
    principal: Principal | None
    token: Token | None
    permissions: Sequence[Permission]


@operation(reads=True)
async def read_viewer(work: Work) -> Viewer:
    """Read the viewer of this request."""
    caller = work.caller
    organization = await work.get(Organization, caller.organization_id)
    return Viewer(
        organization=organization,
        organizations=await work.all(work.mine(Organization).order_by(col(Organization.id))),
        principal=await work.find(Principal, caller.principal_id or ""),
        token=await work.find(Token, caller.token_id or ""),
        permissions=[permission for permission in Permission if permission in caller.permissions],
    )


@operation(reads=True, refuses=(Forbidden,))
async def read_user(work: Work) -> Principal:
    """Read the user of the token. Raises Forbidden for a token that has none: an app's, or an installation's."""
    user = await work.find(Principal, work.caller.principal_id or "")
    if user is None:
        raise Forbidden("This token belongs to an app and has no user; use a personal token.")
    return user


@operation(reads=True)
async def read_nodes(work: Work, refs: Sequence[tuple[type[Row], str] | None]) -> Sequence[Row | None]:
    """Read rows by table and id, in the order of the refs; None for a missing row. One statement per table.

    Raises Forbidden if the caller lacks the permission to read one of the tables.
    """
    if len(refs) > MOST_NODES:
        raise InvalidInput.at(("ids",), f"At most {MOST_NODES} ids.")
    wanted: dict[type[Row], list[str]] = defaultdict(list)
    for ref in refs:
        if ref is not None:
            wanted[ref[0]].append(ref[1])
    found: dict[tuple[type[Row], str], Row] = {}
    for model, ids in wanted.items():
        if model.read_permission is not None:
            work.need(model.read_permission)
        found |= {(model, row.id): row for row in await work.all(work.mine(model).where(col(model.id).in_(ids)))}
    return [None if ref is None else found.get(ref) for ref in refs]


@operation(reads=True)
async def list_tokens(work: Work, page: SliceRequest) -> Slice[Token]:
    """List the caller's own tokens; for administrators, all of the organization."""
    return await work.slice(work.mine(Token), Token, BY_ID, page)
