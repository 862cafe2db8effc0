"""Withdrawing an app: its public side goes, its installations elsewhere go, and what is at home stays."""

from __future__ import annotations

import pytest
from sqlalchemy import func
from sqlmodel import col, select

from models.database import Database
from models.errors import Forbidden, NotFound
from models.row import new_id
from models.tables import Installation, Organization
from models.vocabulary import IntegrationState, Permission, PublicationVisibility
from resolvers.find import IntegrationRef
from resolvers.integrations.creation import CreateIntegration
from resolvers.integrations.deletion import delete_integration
from resolvers.integrations.mutations import create_integration
from resolvers.publishing.manifest import GivenFile
from resolvers.publishing.queries import read_published
from resolvers.publishing.withdraw import Withdrawn, finish_withdrawal, unpublish_integration
from tests.files.pictures import SVG
from tests.harness.backends import both
from tests.harness.estate import ALL, caller_of
from tests.harness.rows import changes, snapshot
from tests.harness.waiting import eventually
from tests.publishing.conftest import Publisher, app_name, picture

FILES = {"icon": GivenFile(content=SVG), "previews": (picture(),), "script": GivenFile(content=b"1")}
UNLISTED = {"visibility": PublicationVisibility.UNLISTED}


def named(name: str) -> IntegrationRef:
    """An app by its name."""
    return IntegrationRef(published_name=name)


@both
async def test_an_own_integration_stays_with_its_icon_and_is_uninstalled_elsewhere(publisher, other, database):
    own = await publisher.run(create_integration, CreateIntegration(name="Shop"))
    name = app_name()
    await publisher.publish(
        name, integration_id=own.id, **FILES, **UNLISTED, events_url="http://127.0.0.1:9999/events"
    )
    await other.install(name)

    done = await publisher.run(unpublish_integration, named(name))
    again = await publisher.run(unpublish_integration, named(name))

    assert (done.integration.id, done.withdrawn) == (own.id, True)
    assert (again.integration, again.withdrawn) == (None, False)
    rows, there = await snapshot(database, publisher.tenant.id), await snapshot(database, other.tenant.id)
    assert (rows["publication"], rows["publication_facet"]) == ({}, {})
    assert all(webhook["removed_at"] for webhook in rows["webhook"].values())
    assert [row["purpose"] for row in rows["asset"].values()] == ["ICON"]
    assert len(rows["installation"]) == 1
    assert there["installation"] == {}
    assert _types(there)[-1] == "Hub.installation.uninstalled"
    assert "Hub.integration.unpublished" in _types(rows)
    assert [row["action"] for row in there["audit_entry"].values()][-1] == "installation.uninstalled"
    with pytest.raises(NotFound):
        await other.run(read_published, named(name))


@both
async def test_an_integration_that_publishing_made_is_deleted_and_its_name_is_free(publisher, other, database):
    name = app_name()
    made = await publisher.publish(name, **FILES, **UNLISTED)
    await other.install(name)

    done = await publisher.run(unpublish_integration, named(name))
    rows = await snapshot(database, publisher.tenant.id)

    assert done.integration.id == made.integration.id
    assert rows["integration"][(made.integration.id,)]["state"] in (
        IntegrationState.DELETING,
        IntegrationState.DELETED,
    )
    assert (rows["publication"], rows["asset"]) == ({}, {})
    assert (await snapshot(database, other.tenant.id))["installation"] == {}
    assert (await other.publish(name)).publication.version == 1


async def test_one_that_publishing_made_stays_while_it_is_installed_at_home(publisher, database):
    name = app_name()
    made = await publisher.publish(name)
    await publisher.install(name)

    done = await publisher.run(unpublish_integration, named(name))

    rows = await snapshot(database, publisher.tenant.id)
    assert done.withdrawn
    assert rows["integration"][(made.integration.id,)]["state"] == IntegrationState.LIVE
    assert len(rows["installation"]) == 1


async def test_anothers_app_is_refused_if_it_is_seen_and_nothing_if_it_is_not(publisher, other, database):
    public, private = app_name(), app_name()
    await other.publish(public, **UNLISTED)
    await other.publish(private)
    before = await snapshot(database, other.tenant.id)

    with pytest.raises(Forbidden, match="Another organization publishes it"):
        await publisher.run(unpublish_integration, named(public))
    nothing = await publisher.run(unpublish_integration, named(private))

    assert (nothing.integration, nothing.withdrawn) == (None, False)
    assert changes(before, await snapshot(database, other.tenant.id)) == []


async def test_only_those_who_may_delete_it_withdraw_one_that_goes_with_it(publisher, database):
    name = app_name()
    await publisher.publish(name)
    member = await publisher.tenant.add_user("member")
    caller = caller_of(publisher.hub, publisher.tenant, ALL - {Permission.ORGANIZATION_ADMIN}, principal_id=member)

    with pytest.raises(Forbidden):
        await publisher.hub.run(unpublish_integration(caller, named(name)))

    assert len((await snapshot(database, publisher.tenant.id))["publication"]) == 1


@both
async def test_many_installations_go_in_bites_by_a_job(publisher, database):
    name = app_name()
    made = await publisher.publish(name, **UNLISTED)
    await publisher.hub.run(_install_on_many(publisher, made.integration.id, 203))

    await publisher.run(unpublish_integration, named(name))

    await eventually(lambda: _is_left(database, made.integration.id, 0))
    state = await eventually(lambda: _is_removed(database, publisher, made.integration.id))
    assert state in (IntegrationState.DELETING, IntegrationState.DELETED)


@both
async def test_deleting_an_integration_frees_its_name_at_once(publisher, other, database):
    name = app_name()
    made = await publisher.publish(name, **FILES, **UNLISTED)

    await publisher.run(delete_integration, made.integration.id)

    rows = await snapshot(database, publisher.tenant.id)
    assert (rows["publication"], rows["publication_facet"], rows["asset"]) == ({}, {}, {})
    assert (await other.publish(name)).publication.version == 1


async def test_the_end_of_a_withdrawal_deletes_no_other_integration(publisher, database):
    await publisher.run(create_integration, CreateIntegration(name="Beside", installs=False))
    before = (await snapshot(database, publisher.tenant.id))["integration"]

    await publisher.run(finish_withdrawal, Withdrawn(id=new_id(), last="", deletes=True))

    assert (await snapshot(database, publisher.tenant.id))["integration"] == before


def _types(rows: dict) -> list[str]:
    return [row["type"] for _, row in sorted(rows["event"].items())]


async def _install_on_many(publisher: Publisher, integration_id: str, count: int) -> None:
    async with publisher.hub.app.state.hub.database.write() as session:
        for number in range(count):
            slug = f"o-{new_id()}-{number}"
            organization = Organization(name=slug, slug=slug)
            session.add(organization)
            await session.flush()
            session.add(Installation(organization_id=organization.id, integration_id=integration_id, handler="APP"))


async def _is_left(database: Database, integration_id: str, count: int) -> bool:
    async with database.read() as session:
        of_app = select(func.count()).where(col(Installation.integration_id) == integration_id)
        return (await session.execute(of_app)).scalar_one() == count


async def _is_removed(database: Database, publisher: Publisher, integration_id: str) -> str | None:
    row = (await snapshot(database, publisher.tenant.id))["integration"][(integration_id,)]
    return row["state"] if row["removed_at"] else None
