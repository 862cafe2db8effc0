"""The app that a manifest is for: by its id, by its name, or a new one."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import col

from models.errors import Conflict, InvalidInput
from models.row import name_key
from models.tables import Integration, Organization, Publication
from models.vocabulary import ConnectionMode
from resolvers.find import managed_integration
from resolvers.integrations.creation import CreateIntegration, make_integration, prepare_creation
from resolvers.managing import require_own_app
from resolvers.publishing.manifest import PublishIntegration
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class Target:
    """An integration that the caller may change, locked, and its publication; None if it is not published yet."""

    integration: Integration
    publication: Publication | None = None
    is_new: bool = False


async def target_of(work: Work, new: PublishIntegration) -> Target | None:
    """Find the app; None if it is to be made.

    Raises NotFound, Forbidden, InvalidInput, and Conflict for the name of another's app.
    """
    if new.integration_id is not None:
        return await _by_id(work, new, new.integration_id)
    if new.name is None:
        raise InvalidInput.at(("name",), "Give a name, or the id of an integration that is published already.")
    return await _by_name(work, new.name)


async def make_target(work: Work, new: PublishIntegration) -> Target:
    """Like `target_of`; without one a new integration is made, named after the app and installed nowhere.

    Of two transactions of an organization that publish a new name, the second finds the app of the first.
    """
    found = await target_of(work, new)
    if found is None:
        here = select(col(Organization.id)).where(col(Organization.id) == work.organization_id)
        await work.session.execute(here.with_for_update(key_share=True))
        found = await target_of(work, new)
    return found or Target(integration=await _make(work, new), is_new=True)


async def _make(work: Work, new: PublishIntegration) -> Integration:
    creation = CreateIntegration(
        name=new.title,
        named_after=new.name,
        description=new.description,
        readme=new.summary,
        mode=ConnectionMode.SHARED,
        installs=False,
    )
    return await make_integration(work, await prepare_creation(work, creation))


async def _by_id(work: Work, new: PublishIntegration, integration_id: str) -> Target:
    integration = await managed_integration(work, integration_id, path=("integration_id",))
    publication = await _publication_of(work, integration)
    if publication is not None:
        _require_same_name(publication, new.name)
    elif new.name is None:
        raise InvalidInput.at(("name",), "It is not published yet, so give the name under which others find it.")
    elif await _holder(work, new.name) is not None:
        raise _taken(new.name)
    return Target(integration=integration, publication=publication)


async def _by_name(work: Work, name: str) -> Target | None:
    holder = await _holder(work, name)
    if holder is None:
        require_own_app(work, None, path=("name",))
        return None
    organization_id, integration_id = holder
    own = organization_id == work.organization_id
    if not own or await work.find(Integration, integration_id) is None:
        raise _taken(name)
    integration = await managed_integration(work, integration_id, path=("name",))
    return Target(integration=integration, publication=await _publication_of(work, integration))


async def _holder(work: Work, name: str) -> tuple[str, str] | None:
    """Organization and integration that have the name: it is unique on the whole server."""
    columns = select(col(Publication.organization_id), col(Publication.integration_id))
    named = columns.where(col(Publication.name_key) == name_key(name))
    row = (await work.session.execute(named)).first()
    return None if row is None else (row[0], row[1])


async def _publication_of(work: Work, integration: Integration) -> Publication | None:
    """Read after the integration was locked, so that two publishings count one after the other."""
    return await work.first(select(Publication).where(col(Publication.integration_id) == integration.id))


def _require_same_name(publication: Publication, name: str | None) -> None:
    if name is not None and name_key(name) != publication.name_key:
        sentence = (
            f"It is published as {publication.name}, which stays its name: leave it out, or unpublish it first."
        )
        raise InvalidInput.at(("name",), sentence)


def _taken(name: str) -> Conflict:
    return Conflict(f"The name {name} is taken; choose another one.", path=("name",))
