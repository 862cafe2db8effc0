"""Tags of integrations: set all at once, created at their first use, removed with their last use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Select, delete, func, select
from sqlmodel import col

from models.errors import Forbidden, InvalidInput, NotFound
from models.row import name_key
from models.tables import Integration, IntegrationTag, Organization, Tag
from models.vocabulary import Permission
from resolvers.announcing import announce_update
from resolvers.changes import changed
from resolvers.faults import Faults, require
from resolvers.find import managed_integration
from resolvers.operation import operation
from resolvers.work import Work

#: Limit of tags of one integration: they are listed without pages.
MOST_TAGS: Final = 50
_MOST_OF_ORGANIZATION: Final = 1000


@dataclass(frozen=True, kw_only=True)
class SetIntegrationTags:
    """The names of all tags of an integration."""

    integration_id: str
    tags: Sequence[str]


@operation(needs=Permission.INTEGRATIONS_WRITE, refuses=(NotFound, InvalidInput, Forbidden))
async def set_integration_tags(work: Work, new: SetIntegrationTags) -> Integration:
    """Replace an integration's tags; unknown ones are created. If they change, its version grows by one."""
    wanted = _by_key(new.tags)
    integration = await managed_integration(work, new.integration_id, path=("integration_id",))
    await hold_tags(work)
    had = {tag.name_key: tag for tag in await work.all(_tags_of(integration))}
    if had.keys() == wanted.keys():
        return integration
    tags = await _found_or_made(work, wanted)
    for key in wanted.keys() - had.keys():
        link = IntegrationTag(
            organization_id=work.organization_id, integration_id=integration.id, tag_id=tags[key].id
        )
        work.add(link)
    lost = [had[key].id for key in had.keys() - wanted.keys()]
    await work.flush()
    await work.session.execute(
        delete(IntegrationTag).where(
            col(IntegrationTag.integration_id) == integration.id, col(IntegrationTag.tag_id).in_(lost)
        )
    )
    await remove_unused_tags(work)
    integration.version += 1
    integration.updated_by = work.caller.principal_id
    old, now = sorted(tag.name for tag in had.values()), sorted(tags[key].name for key in wanted)
    tagged = changed("tags", old, now)
    work.audit(integration, "integration.tagged", besides=tagged)
    announce_update(work, integration, tagged)
    return integration


async def hold_tags(work: Work) -> None:
    """Lock the organization's tags for this transaction: a tag must not be removed while it gets a new use."""
    organization = select(Organization).where(col(Organization.id) == work.organization_id)
    await work.first(organization.with_for_update(key_share=True))


async def remove_unused_tags(work: Work) -> None:
    """Remove the organization's tags that no integration has. Call `hold_tags` first."""
    used = select(col(IntegrationTag.tag_id)).where(col(IntegrationTag.organization_id) == work.organization_id)
    await work.session.execute(
        delete(Tag)
        .where(col(Tag.organization_id) == work.organization_id, col(Tag.id).not_in(used))
        .execution_options(synchronize_session=False)
    )


def _by_key(names: Sequence[str]) -> dict[str, str]:
    """Tag names by their keys, in the first spelling of each. Raises InvalidInput."""
    faults = Faults()
    faults.check(len(names) <= MOST_TAGS, "tags", f"At most {MOST_TAGS} tags.")
    for index, name in enumerate(names):
        faults.name(("tags", str(index)), name)
    faults.refuse()
    wanted: dict[str, str] = {}
    for name in names:
        wanted.setdefault(name_key(name.strip()), name.strip())
    return wanted


def _tags_of(integration: Integration) -> Select[Tag]:
    return (
        select(Tag)
        .join(IntegrationTag, col(IntegrationTag.tag_id) == col(Tag.id))
        .where(col(IntegrationTag.integration_id) == integration.id)
    )


async def _found_or_made(work: Work, wanted: dict[str, str]) -> dict[str, Tag]:
    # Also those that the caller does not see: a name is one tag in the whole organization.
    ours = select(Tag).where(col(Tag.organization_id) == work.organization_id, col(Tag.name_key).in_(wanted))
    found = await work.all(ours)
    tags = {tag.name_key: tag for tag in found}
    missing = [key for key in wanted if key not in tags]
    if missing:
        counted = select(func.count()).where(col(Tag.organization_id) == work.organization_id)
        count: int = (await work.session.execute(counted)).scalar_one()
        room = count + len(missing) <= _MOST_OF_ORGANIZATION
        require(room, ("tags",), f"An organization has at most {_MOST_OF_ORGANIZATION} tags.")
    for key in missing:
        tags[key] = work.add(Tag(organization_id=work.organization_id, name=wanted[key], name_key=key))
    await work.flush()
    return tags
