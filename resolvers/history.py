"""The integration under which the history of a connection or a connect session stands; it is hidden with it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import case, or_, select
from sqlmodel import col

from models.secret_place import SecretPlace
from models.tables import Connection, Integration, Registration
from models.vocabulary import IntegrationAccess
from resolvers.work import Work


async def place_of_connection(work: Work, connection_id: str) -> str | None:
    """The id of an integration of a connection, else of its last one; None if it never had any.

    A connection is seen where one of its integrations is, so one that everybody in the organization sees comes first.
    """
    seen_by_all = or_(
        col(Integration.access) == IntegrationAccess.ORGANIZATION,
        col(Integration.organization_id) != col(Registration.organization_id),
    )
    places = (
        select(col(Integration.id))
        .join(Registration, col(Registration.integration_id) == col(Integration.id))
        .where(col(Registration.connection_id) == connection_id)
        .order_by(case((seen_by_all, 0), else_=1), col(Registration.id))
    )
    found: str | None = (await work.session.execute(places.limit(1))).scalar()
    if found is not None:
        return found
    last = select(col(Connection.last_integration_id)).where(col(Connection.id) == connection_id)
    left: str | None = (await work.session.execute(last)).scalar()
    return left


async def audit_unreadable(work: Work, place: SecretPlace) -> None:
    """Audit that a secret does not open, in the organization of its row."""
    of_connection = place.table == Connection.__tablename__
    at = await place_of_connection(work, place.row_id) if of_connection else None
    work.audit_unreadable(place, integration_id=at)


def place_of_offer(integrations: Sequence[Integration]) -> str | None:
    """The id of one of the integrations that a link offers: a restricted one first, as the entry names them all."""
    restricted = [one for one in integrations if one.access is IntegrationAccess.RESTRICTED]
    return next((one.id for one in [*restricted, *integrations]), None)
