"""Create and change integrations."""

from __future__ import annotations

from models.errors import Conflict, Forbidden, InvalidInput, NotFound, Stale
from models.tables import Integration
from models.vocabulary import Permission
from resolvers.integrations.change import UpdateIntegration, change_integration
from resolvers.integrations.creation import CreateIntegration, make_integration
from resolvers.operation import operation
from resolvers.work import Work


@operation(needs=Permission.INTEGRATIONS_WRITE, refuses=(NotFound, Conflict, InvalidInput, Forbidden))
async def create_integration(work: Work, new: CreateIntegration) -> Integration:
    """Create an integration and install it on the caller's own organization."""
    return await make_integration(work, new)


@operation(needs=Permission.INTEGRATIONS_WRITE, refuses=(NotFound, Conflict, InvalidInput, Forbidden, Stale))
async def update_integration(work: Work, new: UpdateIntegration) -> Integration:
    """Change an integration. Its version increases by one."""
    return await change_integration(work, new)
