"""Publishing apps, withdrawing them, and the list of public ones: results and root fields."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import strawberry

from models.errors import DomainError, NotFound, Path
from resolvers.find import IntegrationRef
from resolvers.page import BY_NAME_KEY
from resolvers.publishing import mutations as operations
from resolvers.publishing import queries, withdraw
from resolvers.publishing.manifest import GivenFile, PublishIntegration
from resolvers.publishing.published import Published
from resolvers.unset import UNSET
from schema.integration.fields import IntegrationResult
from schema.integration.types import Integration
from schema.kit.context import Info
from schema.kit.field import column, reading
from schema.kit.ids import row_id
from schema.kit.mutation import act, answering
from schema.kit.node import view
from schema.kit.page import CountedPageOf, Page, PageArguments, asks_for, binding_of, optional, paged
from schema.kit.result import Result
from schema.kit.translate import command
from schema.publication import PublicationFilter, PublishIntegrationInput

#: The members of a manifest that are files, by the members of the input that name their uploads.
_FILES: Final = {"icon": "icon_upload_id", "previews": "preview_upload_ids", "script": "script_upload_id"}
_PLACES: Final = {"icon": "iconUploadId", "previews": "previewUploadIds", "script": "scriptUploadId"}


@view(Published, "A published app and, when new, the secret that signs its events.")
class PublishPayload:
    """The answer of a publishing."""

    integration: Integration = column("The app as it is now.")
    events_secret: str | None = column("`whsec_…`, when this publishing gave its first `eventsUrl`; shown this once.")


PublishResult = Result("PublishResult", PublishPayload, "A published app, or why not.")


def _manifest(given: PublishIntegrationInput) -> PublishIntegration:
    files = {name: _file(getattr(given, member)) for name, member in _FILES.items()}
    return replace(command(PublishIntegration, given), **files)


def _file(given: Any) -> Any:
    if given is strawberry.UNSET:
        return UNSET
    if isinstance(given, list):
        return tuple(_file(one) for one in given)
    return None if given is None else GivenFile(upload_id=row_id(given))


def _renamed(path: Path) -> Path:
    return ("input", _PLACES[path[0]], *path[1:]) if path and path[0] in _PLACES else path


def _publish(root: Any, info: Info, input: PublishIntegrationInput) -> Any:
    return _run(info, _manifest(input))  # read at once: an input of many values is read in a thread


async def _run(info: Info, manifest: PublishIntegration) -> Any:
    try:
        return await act(info, operations.publish_integration, manifest)
    except DomainError as refusal:
        raise refusal.renamed(_renamed) from refusal


async def _unpublish(root: Any, info: Info, id: strawberry.ID) -> Any:
    done = await act(info, withdraw.unpublish_integration, IntegrationRef(id=row_id(id)))
    if done.integration is None:
        raise NotFound("integration", path=("id",))
    return done.integration


@paged
async def _published(
    root: Any, info: Info, arguments: PageArguments, filter: PublicationFilter | None = strawberry.UNSET
) -> Page:
    narrowed = command(queries.PublicationFilter, filter) if optional(filter) else queries.PublicationFilter()
    binding = binding_of(info, narrowed)
    request = arguments.request(info, binding, count=asks_for(info, "totalCount"))
    found = await queries.list_published(info.context.caller, filter=narrowed, page=request)
    return Page(slice=found, order=BY_NAME_KEY, binding=binding, shows=lambda row: row.integration)


@strawberry.type
class Queries:
    """Root fields that read public apps."""

    published_integrations: CountedPageOf[Integration] = reading(
        queries.list_published, _published, "Public apps of all organizations, to install."
    )


@strawberry.type
class Mutations:
    """Root fields that publish and withdraw."""

    publish_integration = answering(
        operations.publish_integration, PublishResult, _publish, "Publish an app, or a new version of it."
    )
    unpublish_integration = answering(
        withdraw.unpublish_integration,
        IntegrationResult,
        _unpublish,
        "Withdraw an app and remove every installation of it elsewhere. An integration made by publishing is deleted"
        " unless your organization has installed it.",
    )
