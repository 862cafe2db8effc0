"""The connection that a call of the caller would use at an integration."""

from __future__ import annotations

from models.errors import NotFound
from models.vocabulary import Permission
from resolvers.connections.own import Connected
from resolvers.find import IntegrationRef, get_integration
from resolvers.operation import operation
from resolvers.pick import picked
from resolvers.work import Work


@operation(needs=Permission.CONNECTIONS_READ, reads=True, refuses=(NotFound,))
async def read_integration_connection(work: Work, ref: IntegrationRef) -> Connected:
    """The connection that a call would pick. Raises NotFound if it would pick none, or if the choice is ambiguous."""
    integration = await get_integration(work, ref)
    chosen = await picked(work, integration)
    if chosen.shown is None:
        raise NotFound("connection")
    return Connected(integration=integration, connection=chosen.shown)
