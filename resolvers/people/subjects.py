"""Subjects: whether a new membership decides for JWTs that name no organization.

The one comparison across organizations that an administrator causes. Its result is never shown, not in the audit log
either: it counts for the bearer of a JWT of this subject alone.
"""

from __future__ import annotations

from sqlalchemy import func, select, update
from sqlmodel import col

from models.tables import Principal
from resolvers.scope import of_subject
from resolvers.work import Work


async def enter_subject(work: Work, principal: Principal) -> None:
    """Mark a membership that is about to be added, and those that it outranks.

    The operator's are confirmed, and make claims of all that administrators entered. An administrator's is a claim if
    another organization has the subject at this moment.
    """
    if principal.subject is None:
        return
    await _lock(work, principal.subject)
    elsewhere = [*of_subject(principal.subject), col(Principal.organization_id) != principal.organization_id]
    if not work.caller.is_operator:
        others = select(Principal).where(*elsewhere)
        principal.subject_claimed = await work.first(others) is not None
        return
    principal.subject_confirmed = True
    unconfirmed = update(Principal).where(*elsewhere, col(Principal.subject_confirmed).is_(False))
    kept = {"updated_at": col(Principal.updated_at)}  # for its administrators the row has not changed
    await work.session.execute(unconfirmed.values(subject_claimed=True, **kept))


async def _lock(work: Work, subject: str) -> None:
    """Enter a subject in one organization at a time. On SQLite, which has a single writer, that is so anyhow."""
    if not work.hub.database.is_sqlite:
        await work.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(subject, 0))))
