"""Import of a document: the command, its checks, and its plan, which is made outside of any transaction."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from models.errors import Conflict, InvalidInput, Path
from models.tables import Integration
from proxy.openapi import Read, Selection
from proxy.openapi.apart import MOST_BYTES
from proxy.openapi.broken import BrokenError, shown
from resolvers.capabilities.declaring import permit_declaring
from resolvers.capabilities.manifest import MOST_CAPABILITIES
from resolvers.faults import Faults
from resolvers.find import managed_integration
from resolvers.hub import Hub
from resolvers.openapi.plan import Changes, changes_between
from resolvers.openapi.present import Present, present_capabilities
from resolvers.uploads.sending import document_of
from resolvers.work import Work

_UPLOAD: Final[Path] = ("upload_id",)
_MOST_WORDS: Final = 1000


@dataclass(frozen=True, kw_only=True)
class ImportOpenApi:
    """A document to import. None: all of them; `plan_digest`: only if the plan has this digest."""

    integration_id: str
    upload_id: str
    tags: Sequence[str] | None = None
    path_prefixes: Sequence[str] | None = None
    operation_ids: Sequence[str] | None = None
    prune: bool = False
    plan_digest: str | None = None


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A permitted command, the document, and the integration's capabilities as they are."""

    command: ImportOpenApi
    organization_id: str
    integration_id: str
    version: int
    has_base: bool
    present: Sequence[Present]
    raw: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Planned:
    """The document as it was read, and the changes that it makes."""

    read: Read
    changes: Changes


async def permitted(work: Work, command: ImportOpenApi) -> Integration:
    """The integration, locked. Raises NotFound, and Forbidden if the caller may not declare its capabilities."""
    integration = await managed_integration(work, command.integration_id, path=("integration_id",))
    permit_declaring(work)
    return integration


async def load_import(work: Work, command: ImportOpenApi) -> Loaded:
    """Find the integration and the document. Raises InvalidInput for a faulty selection."""
    faults = Faults()
    for name in ("tags", "path_prefixes", "operation_ids"):
        faults.texts((name,), getattr(command, name), most=_MOST_WORDS)
    faults.refuse()
    integration = await permitted(work, command)
    return Loaded(
        command=command,
        organization_id=work.organization_id,
        integration_id=integration.id,
        version=integration.version,
        has_base=integration.api_base_url is not None,
        present=await present_capabilities(work, integration),
        raw=await document_of(work, command.upload_id, path=_UPLOAD, most=MOST_BYTES),
    )


async def plan(hub: Hub, loaded: Loaded) -> Planned:
    """Read the document, and plan the changes.

    Raises InvalidInput for a faulty document, at `upload_id`, and TooMany if others are being read.
    """
    command = loaded.command
    selection = Selection(tags=command.tags, path_prefixes=command.path_prefixes, operation_ids=command.operation_ids)
    try:
        read = await hub.documents.read(
            loaded.raw,
            selection,
            has_base=loaded.has_base,
            most=MOST_CAPABILITIES,
            lane=loaded.organization_id,
        )
    except BrokenError as fault:
        raise _refusal(fault) from fault
    return Planned(read=read, changes=await to_thread(_judged, loaded, read))


def require_planned(loaded: Loaded, planned: Planned, integration: Integration) -> None:
    """Raise Conflict if the plan is not the one that the caller has read, or the integration has changed since."""
    if loaded.command.plan_digest not in (None, planned.changes.digest):
        message = "The document, its selection or the integration is not as planned; plan again and read the plan."
        raise Conflict(message, path=("plan_digest",))
    if integration.version != loaded.version:
        raise Conflict("Another call changed the integration meanwhile; plan again and read the plan.")


def _judged(loaded: Loaded, read: Read) -> Changes:
    """The changes. Each draft has passed the rules of declarations where it was made."""
    changes = changes_between(loaded.integration_id, loaded.present, read, prune=loaded.command.prune)
    if changes.total > MOST_CAPABILITIES:
        message = (
            f"The integration would have {changes.total} capabilities, with those that the document does not change;"
            f" at most {MOST_CAPABILITIES} are allowed. Select fewer with tags, pathPrefixes or operationIds."
        )
        raise InvalidInput.at(_UPLOAD, message)
    return changes


def _refusal(fault: BrokenError) -> InvalidInput:
    match fault.place:
        case ("selection", name, index):
            return InvalidInput.at((name, index), fault.message)
        case ():
            return InvalidInput.at(_UPLOAD, fault.message)
    return InvalidInput.at(_UPLOAD, f"{shown(fault.place)}: {fault.message}")
