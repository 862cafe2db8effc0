"""One organization and one place, for apps as well as for people."""

from __future__ import annotations

from models.errors import Forbidden, NotFound
from models.tables import Organization, Place
from models.vocabulary import Permission
from resolvers.operation import operation
from resolvers.publishing.places import PlaceRef, get_place, is_of_an_app
from resolvers.work import Work


@operation(
    needs=(Permission.ORGANIZATION_READ, Permission.INSTALLATIONS_READ), reads=True, refuses=(NotFound, Forbidden)
)
async def read_place(work: Work, ref: PlaceRef) -> Place:
    """Read one space or site.

    An installation's token reads those on which the installation is enabled. An app's token reads those of its own
    organization: with ORGANIZATION_READ all, else those on which the app is enabled.
    """
    if not is_of_an_app(work.caller):
        work.need(Permission.ORGANIZATION_READ)
    return await get_place(work, ref, path=("id",))


@operation(reads=True)
async def read_own_organization(work: Work) -> Organization:
    """Read the organization in which the caller acts. Any token may."""
    return await work.get(Organization, work.organization_id)
