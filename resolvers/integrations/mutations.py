"""Create and change integrations."""

from __future__ import annotations

from models.errors import Conflict, Forbidden, InvalidInput, NotFound, Stale
from models.tables import Integration
from models.vocabulary import Permission
from resolvers.hub import Hub
from resolvers.integrations.change import UpdateIntegration, change_integration
from resolvers.integrations.creation import Creation, judge_creation, make_integration, prepare_creation
from resolvers.operation import READS, WRITES, exchange, operation
from resolvers.work import Work


async def judge(_: Hub, creation: Creation) -> None:
    """Validate a new integration outside of any transaction. Raises InvalidInput."""
    await judge_creation(creation)


@exchange(
    prepare_creation,
    judge,
    loads=READS,
    records=WRITES,
    needs=Permission.INTEGRATIONS_WRITE,
    refuses=(NotFound, Conflict, InvalidInput, Forbidden),
)
async def create_integration(work: Work, creation: Creation, _: None) -> Integration:
    """Create an integration and install it on the caller's own organization."""
    return await make_integration(work, creation)


@operation(needs=Permission.INTEGRATIONS_WRITE, refuses=(NotFound, Conflict, InvalidInput, Forbidden, Stale))
async def update_integration(work: Work, new: UpdateIntegration) -> Integration:
    """Change an integration. Its version increases by one; equal values change nothing."""
    return await change_integration(work, new)
