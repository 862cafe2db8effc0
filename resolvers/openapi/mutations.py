"""The import of a document."""

from __future__ import annotations

from models.errors import Conflict, Forbidden, InvalidInput, NotFound, TooMany
from models.tables import Integration
from models.vocabulary import Permission
from resolvers.announcing import Differences, announce_capabilities
from resolvers.capabilities.declaring import merge, note_declaration
from resolvers.openapi.importing import Loaded, Planned, load_import, permitted, plan, require_planned
from resolvers.operation import READS, WRITES, exchange
from resolvers.work import Work


@exchange(
    load_import,
    plan,
    loads=READS,
    records=WRITES,
    needs=Permission.INTEGRATIONS_WRITE,
    refuses=(NotFound, Conflict, InvalidInput, Forbidden, TooMany),
)
async def import_open_api(work: Work, loaded: Loaded, planned: Planned) -> Integration:
    """Make the operations of a document capabilities of an integration; others stay. The upload stays, too."""
    integration = await permitted(work, loaded.command)
    require_planned(loaded, planned, integration)
    changes = await merge(work, integration, planned.changes.manifest, planned.changes.dropped)
    if changes.audited or changes.edited:
        note_declaration(work, integration, changes)
    announce_capabilities(work, integration, changes, Differences())
    return integration
