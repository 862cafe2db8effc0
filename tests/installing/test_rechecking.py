"""A new schema is rechecked on every installation and place, in pieces, by a job of the publisher's."""

from __future__ import annotations

from models.row import new_id
from models.tables import Installation, Organization, Publication
from models.vocabulary import Permission, PublicationTarget
from resolvers.installations.rechecking import BITE, Recheck, ask_to_recheck, recheck_installations
from resolvers.operation import operation
from resolvers.work import Work
from tests.harness.acting import listed
from tests.harness.backends import both
from tests.harness.publications import plant, set_columns
from tests.harness.waiting import eventually
from tests.installing.market import SHOWN, TEAM


async def published_anew(market, database, **configurations):
    """Another version with another schema, and the job that publishing enqueues."""
    version = market.publication.version + 1
    await set_columns(database, Publication, market.publication.id, configurations=configurations, version=version)
    market.publication.version = version


@both
async def test_statuses_follow_a_new_schema_and_paused_ones_stay(new_market, database) -> None:
    market = await new_market()
    client, space, installed = market.installer.client, await market.place(), await market.install()
    await market.save(client, installed["id"], space, configuration={"team": "A"})

    await published_anew(market, database, account=TEAM, space=TEAM)
    walk = Recheck(integration_id=market.app.id, version=market.publication.version)
    places = Recheck(integration_id=market.app.id, version=market.publication.version, in_places=True)
    for one in (walk, places):
        await market.hub.run(recheck_installations(market.caller(market.publisher), one))
    (pending,) = await listed(client, "installations", SHOWN, "(first: 2)")
    await market.update(client, installed["id"], configuration={"team": "B"})
    (active,) = await listed(client, "installations", SHOWN, "(first: 2)")
    await market.update(client, installed["id"], paused=True)
    await published_anew(market, database, account={**TEAM, "required": ["other"]})
    await market.hub.run(recheck_installations(market.caller(market.publisher), walk))
    (paused,) = await listed(client, "installations", SHOWN, "(first: 2)")

    assert (pending["status"], pending["places"]["nodes"][0]["status"]) == ("PENDING", "PENDING")
    assert (active["status"], active["places"]["nodes"][0]["status"]) == ("ACTIVE", "ACTIVE")
    assert paused["status"] == "PAUSED"
    events = await listed(client, "events", "payload", '(first: 9, filter: {type: ["Hub.installation.configured"]})')
    assert events[-1]["payload"]["previous"] == {"status": "ACTIVE"}


@both
async def test_a_place_follows_a_new_schema_for_places_with_a_new_version_and_is_told(new_market, database) -> None:
    market = await new_market()
    client, full, empty = market.installer.client, await market.place("Full"), await market.place("Empty")
    installed = await market.install()
    await market.save(client, installed["id"], full, configuration={"team": "A"})
    await market.save(client, installed["id"], empty)

    await published_anew(market, database, space=TEAM)
    places = Recheck(integration_id=market.app.id, version=market.publication.version, in_places=True)
    for _ in range(2):
        await market.hub.run(recheck_installations(market.caller(market.publisher), places))

    (shown,) = await listed(client, "installations", SHOWN, "(first: 2)")
    states = {one["place"]["databaseId"]: (one["status"], one["version"]) for one in shown["places"]["nodes"]}
    assert states == {full: ("ACTIVE", 1), empty: ("PENDING", 2)}
    [last, *_] = await listed(client, "events", "payload", '(first: 9, filter: {type: ["Hub.place.configured"]})')
    assert (last["payload"]["placeId"], last["payload"]["status"]) == (empty, "PENDING")
    assert last["payload"]["previous"] == {"status": "ACTIVE"}
    actions = [one["action"] for one in await listed(client, "auditEntries", "action", "(first: 100)")]
    assert actions.count("installation_place.updated") == 1


@both
async def test_a_narrower_target_takes_the_app_off_other_places(new_market, database) -> None:
    market = await new_market()
    client = market.installer.client
    installed = await market.install(spaceSelection="ALL")
    space, site = await market.place(), await market.place("Site", "SITE")
    await market.save(client, installed["id"], site)
    version = market.publication.version + 1
    await set_columns(database, Publication, market.publication.id, target=PublicationTarget.SITE, version=version)

    for in_places in (False, True):
        walk = Recheck(integration_id=market.app.id, version=version, in_places=in_places)
        await market.hub.run(recheck_installations(market.caller(market.publisher), walk))

    (left,) = await listed(client, "installations", SHOWN, "(first: 2)")
    assert [one["place"]["databaseId"] for one in left["places"]["nodes"]] == [site]
    assert (left["spaceSelection"], left["siteSelection"], left["status"]) == ("SELECTED", "SELECTED", "ACTIVE")
    told = await listed(client, "events", "type payload", "(first: 2)")
    assert [one["type"] for one in told] == ["Hub.place.removed", "Hub.installation.configured"]
    assert (told[0]["payload"]["placeId"], told[1]["payload"]["previous"]) == (space, {"spaceSelection": "ALL"})
    entries = await listed(client, "auditEntries", "action", "(first: 2)")
    assert [one["action"] for one in entries] == ["installation_place.deleted", "installation.updated"]


@both
async def test_the_job_walks_every_organization_to_the_end(new_market, database) -> None:
    market = await new_market()
    organizations = [Organization(name="O", slug=f"o-{new_id()}") for _ in range(BITE + 5)]
    await plant(database, *organizations)
    rows = [
        Installation(organization_id=one.id, integration_id=market.app.id, handler="APP") for one in organizations
    ]
    await plant(database, *rows)
    await published_anew(market, database, account=TEAM)

    await market.hub.run(_ask(market.caller(market.publisher), market.app, market.publication))

    async def all_pending():
        async with database.read() as session:
            found = [await session.get(Installation, row.id) for row in (rows[0], rows[-1])]
        return {row.status for row in found} == {"PENDING"}

    await eventually(all_pending)
    jobs = await listed(market.publisher.client, "jobs", "operation")
    assert "FAILED" not in str(jobs)


async def test_another_organization_rechecks_nothing(new_market, database) -> None:
    market = await new_market()
    installed = await market.install()
    await published_anew(market, database, account=TEAM)
    walk = Recheck(integration_id=market.app.id, version=2)

    count = await market.hub.run(recheck_installations(market.caller(market.installer), walk))

    assert count == 0
    assert (await listed(market.installer.client, "installations", SHOWN, "(first: 2)")) == [installed]


async def _ask(caller, app, publication):
    return await _ASK(caller, app, publication)


async def _enqueue(work: Work, app, publication):
    """Enqueue it as publishing does."""
    return await ask_to_recheck(work, app, publication)


_ASK = operation(needs=Permission.INTEGRATIONS_PUBLISH)(_enqueue)
