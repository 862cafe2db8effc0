"""The rows of apps that exist for each viewer, beside rows that differ in visibility, access or removal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from models.database import Database
from models.tables import Installation, Integration, Publication
from models.vocabulary import IntegrationAccess, Permission, PublicationVisibility
from resolvers.caller import Caller
from resolvers.people.installation_token import GRANTED
from resolvers.reach import published_apps
from resolvers.scope import visible
from tests.harness.apps import Apps
from tests.harness.backends import both
from tests.harness.estate import caller_of
from tests.harness.publications import plant, publication_of, set_columns
from tests.publishing.conftest import Publisher

#: All are installed at home, and `installed` on another organization too.
APPS: dict[str, tuple[PublicationVisibility, dict[str, Any]]] = {
    "public": (PublicationVisibility.PUBLIC, {}),
    "unlisted": (PublicationVisibility.UNLISTED, {}),
    "unlisted restricted": (PublicationVisibility.UNLISTED, {"access": IntegrationAccess.RESTRICTED}),
    "installed": (PublicationVisibility.PRIVATE, {}),
    "private": (PublicationVisibility.PRIVATE, {}),
    "private restricted": (PublicationVisibility.PRIVATE, {"access": IntegrationAccess.RESTRICTED}),
    "removed": (PublicationVisibility.PUBLIC, {"removed_at": 1}),
}
#: By viewer: the apps that it does not see as apps, as publications, as integrations.
HIDDEN = {
    "colleague": (
        {"unlisted", "unlisted restricted", "installed", "private", "private restricted", "removed"},
        {"unlisted restricted", "private restricted"},
        {"unlisted restricted", "private restricted", "removed"},
    ),
    "other": (
        {"installed", "private", "private restricted", "removed"},
        {"private", "private restricted"},
        set(APPS) - {"installed"},
    ),
    "app for a user": (
        set(APPS) - {"public"},
        {"installed", "private", "private restricted"},
        set(APPS),
    ),
    "installation": (
        set(APPS) - {"public"},
        set(APPS) - {"public", "removed", "installed"},
        set(APPS) - {"installed"},
    ),
}


async def planted(publisher: Publisher, other: Publisher, database: Database) -> tuple[dict[str, str], Installation]:
    """The names of the apps by the ids of their integrations, and the installation elsewhere."""
    apps, names = Apps(hub=publisher.hub, database=database, tenant=publisher.tenant), {}
    for name, (visibility, facts) in APPS.items():
        app = await apps.make(name)
        names[app.id] = name
        await plant(database, publication_of(app, name=f"app-{app.id}x", visibility=visibility))
        if facts:
            await set_columns(database, Integration, app.id, **facts)
    [installed] = [app_id for app_id, name in names.items() if name == "installed"]
    there = Installation(organization_id=other.tenant.id, integration_id=installed, handler="INSTALLED")
    await plant(database, there)
    return names, there


async def viewers(publisher: Publisher, other: Publisher, there: Installation) -> dict[str, Caller]:
    """A user without a right to restricted apps, and callers of an organization that has installed one app."""
    most = frozenset(Permission) - {Permission.ORGANIZATION_ADMIN}
    user = await publisher.tenant.add_user("colleague")
    stranger = caller_of(other.hub, other.tenant)
    own = (await other.publish(f"own-{there.id}x")).integration
    app = replace(stranger, principal_id=None, integration_id=own.id)
    installation = {"principal_id": None, "installation_id": there.id}
    return {
        "colleague": caller_of(publisher.hub, publisher.tenant, most, principal_id=user),
        "other": stranger,
        "app for a user": replace(stranger, acted_by=app),
        "installation": caller_of(other.hub, other.tenant, GRANTED, **installation),
    }


@both
async def test_each_viewer_sees_the_apps_publications_and_integrations_that_exist_for_it(publisher, other, database):
    names, there = await planted(publisher, other, database)
    published = select(col(Integration.id)).join(Publication, col(Publication.integration_id) == col(Integration.id))

    async def hidden(caller: Caller) -> tuple[set[str], ...]:
        statements = (
            published.where(*published_apps(caller)),
            select(col(Publication.integration_id)).where(*visible(caller, Publication)),
            select(col(Integration.id)).where(*visible(caller, Integration)),
        )
        async with database.read() as session:
            seen = [set((await session.execute(statement)).scalars()) for statement in statements]
        return tuple({name for app_id, name in names.items() if app_id not in ids} for ids in seen)

    callers = await viewers(publisher, other, there)
    assert {kind: await hidden(caller) for kind, caller in callers.items()} == HIDDEN
