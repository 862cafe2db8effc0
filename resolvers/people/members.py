"""Team membership: the difference between current and wanted members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select
from sqlmodel import col

from models.errors import InvalidInput, NotFound
from models.tables import Principal, TeamMember
from models.vocabulary import PrincipalKind
from resolvers.changes import changed
from resolvers.work import Work

#: Lists of members and of teams are shown without pages, so both are bounded.
MOST_MEMBERS: Final = 500
MOST_TEAMS: Final = 100
_PATH: Final = ("member_ids",)


@dataclass(frozen=True, kw_only=True)
class MemberChange:
    """The members to add and to remove; `shown` is for the audit."""

    added: Sequence[str] = ()
    lost: Sequence[TeamMember] = ()
    shown: Sequence[dict[str, Any]] = ()

    async def make(self, work: Work, team: Principal) -> None:
        """Make the change. The team's row must be in the database."""
        for member in self.lost:
            await work.remove(member)
        for user_id in self.added:
            work.add(TeamMember(organization_id=team.organization_id, team_id=team.id, user_id=user_id))
        await work.flush()


async def member_change(work: Work, team: Principal, member_ids: Sequence[str] | None) -> MemberChange:
    """The change that makes these users the only members of a team. Nothing is changed yet.

    Raises InvalidInput for a member that is no user or is in too many teams, NotFound for an unknown member.
    """
    wanted = list(dict.fromkeys(member_ids or ()))
    if wanted and team.kind is not PrincipalKind.TEAM:
        raise InvalidInput.at(_PATH, "Only a team has members; this is a user.")
    if len(wanted) > MOST_MEMBERS:
        raise InvalidInput.at(_PATH, f"A team has at most {MOST_MEMBERS} members.")
    current = await work.all(select(TeamMember).where(col(TeamMember.team_id) == team.id))
    had = {member.user_id for member in current}
    added = [user_id for user_id in wanted if user_id not in had]
    await _check(work, wanted, added)
    return MemberChange(
        added=added,
        lost=[member for member in current if member.user_id not in wanted],
        shown=changed("memberIds", sorted(had), sorted(wanted)),
    )


async def _check(work: Work, wanted: Sequence[str], added: Sequence[str]) -> None:
    found = {row.id: row for row in await work.all(work.mine(Principal).where(col(Principal.id).in_(added)))}
    counted = (
        select(col(TeamMember.user_id), func.count())
        .where(col(TeamMember.user_id).in_(added))
        .group_by(col(TeamMember.user_id))
    )
    teams: dict[str, int] = dict(tuple(row) for row in await work.session.execute(counted))  # type: ignore[misc]
    for user_id in added:
        path = (*_PATH, str(wanted.index(user_id)))
        if user_id not in found:
            raise NotFound("principal", path=path)
        if found[user_id].kind is not PrincipalKind.USER:
            raise InvalidInput.at(path, "A member of a team must be a user.")
        if teams.get(user_id, 0) >= MOST_TEAMS:
            raise InvalidInput.at(path, f"A user belongs to at most {MOST_TEAMS} teams.")
