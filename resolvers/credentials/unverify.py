"""Unverify integrations: after a change they have to be verified again."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, or_, select
from sqlmodel import col

from models.tables import Connection, Definition, Integration, Registration
from models.vocabulary import ConnectionMode, IntegrationState
from resolvers.announcing import announce_update
from resolvers.definitions.fields import supports_verification
from resolvers.work import Work

_VERIFIED = (IntegrationState.LIVE, IntegrationState.VERIFYING)


def unverify(work: Work, integration: Integration, definition: Definition | None) -> None:
    """LIVE or VERIFYING → NEW if the definition has a verification; the result of one under way is ignored.

    The error of an earlier verification goes: it is about values that are gone.
    """
    judged = integration.state in _VERIFIED or _failed_before(integration)
    if definition is not None and supports_verification(definition) and judged:
        integration.state = IntegrationState.NEW
        integration.state_error = None
        integration.state_changed_at = work.now()


async def unverify_users_of(work: Work, connection: Connection) -> None:
    """Unverify every integration that a shared connection is registered to: its credential is new, or ends."""
    if connection.mode is ConnectionMode.SHARED:
        users = select(col(Registration.integration_id)).where(col(Registration.connection_id) == connection.id)
        await unverify_all(work, list((await work.session.execute(users)).scalars()))


async def unverify_all(work: Work, integration_ids: Sequence[str]) -> None:
    """Unverify the integrations with these ids that the organization owns."""
    if not integration_ids:
        return
    rows = await work.session.execute(
        select(Integration, Definition)
        .join(Definition, col(Definition.id) == col(Integration.definition_id))
        .where(
            col(Integration.id).in_(integration_ids),
            col(Integration.organization_id) == work.organization_id,
            or_(
                col(Integration.state).in_(_VERIFIED),
                and_(col(Integration.state) == IntegrationState.NEW, col(Integration.state_error).is_not(None)),
            ),
        )
        .order_by(col(Integration.id))
        .with_for_update(of=Integration)
    )
    for integration, definition in rows:
        unverify(work, integration, definition)
        announce_update(work, integration)


def _failed_before(integration: Integration) -> bool:
    return integration.state is IntegrationState.NEW and integration.state_error is not None
