"""The rows that exist for the token of an installation, table by table, beside rows that differ in one respect."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from models.row import new_id, now_ms
from models.tables import (
    AuditEntry,
    Event,
    ExternalId,
    Installation,
    InstallationPlace,
    Integration,
    Organization,
    Place,
    Principal,
    Publication,
    Token,
)
from models.vocabulary import HubEvent, PlaceKind, PublicationVisibility, Source
from resolvers.emission.accept import accept
from resolvers.emission.draft import Draft
from resolvers.scope import visible
from tests.harness.backends import both
from tests.harness.publications import plant, publication_of, set_columns
from tests.installing.market import Market


async def enabled(market: Market, database: Any, app: Integration, organization_id: str) -> list[Any]:
    """An installation of an app, enabled on a place, with an external id and a token."""
    installation = Installation(organization_id=organization_id, integration_id=app.id, handler=f"A_{new_id()}")
    own = {"organization_id": organization_id}
    place = Place(name="P", name_key=new_id(), kind=PlaceKind.SPACE, **own)
    below = {**own, "integration_id": app.id, "installation_id": installation.id}
    there = InstallationPlace(place_id=place.id, kind=place.kind, **below)
    given = ExternalId(value="x", position=0, **below)
    facts = {"kind": "INSTALLATION", "name": "t", "hint": "t", "permissions": []}
    token = Token(digest=new_id(), installation_id=installation.id, expires_at=now_ms() * 2, **facts, **own)
    for group in ((installation, place), (there, given, token)):
        await plant(database, *group)
    return [installation, place, there, given, token]


async def told(database: Any, installation: Installation, *, app_visible: bool) -> str:
    """The id of a new event about an installation."""
    draft = Draft(
        organization_id=installation.organization_id,
        type=HubEvent.INSTALLATION_CONFIGURED,
        entity_id="e",
        integration_id=installation.integration_id,
        installation_id=installation.id,
        app_visible=app_visible,
        data={},
        source=Source.HUB,
        created_at=now_ms(),
    )
    async with database.write() as session:
        await accept(session, [draft], tries=1)
    return draft.id


@both
async def test_of_each_table_its_own_rows_alone_exist(market: Market, database: Any, new_organization: Any) -> None:
    rows = await enabled(market, database, market.app, market.installer.id)
    installation, place, there, given, token = rows
    other = await market.apps.make("Other")
    published = publication_of(other, name=f"other-{other.id}", visibility=PublicationVisibility.UNLISTED)
    await plant(database, published)
    (beside, *_) = await enabled(market, database, other, market.installer.id)
    await enabled(market, database, market.app, (await new_organization()).id)
    facts = {"kind": "INSTALLATION", "name": "t", "hint": "t", "permissions": []}
    second = Token(digest=new_id(), organization_id=market.installer.id, installation_id=installation.id, **facts)
    await plant(database, second)
    shown = await told(database, installation, app_visible=True)
    await told(database, installation, app_visible=False)
    await told(database, beside, app_visible=True)
    caller = market.caller(market.installer, principal_id=None, token_id=token.id, installation_id=installation.id)

    async def seen(model: Any) -> list[str]:
        async with database.read() as session:
            rows = (await session.execute(select(model).where(*visible(caller, model)))).scalars()
            # Public apps exist for everybody; other tests have published some.
            return [
                row.id for row in rows if model is not Publication or row.organization_id == other.organization_id
            ]

    expected = {
        Event: [shown],
        ExternalId: [given.id],
        Installation: [installation.id],
        InstallationPlace: [there.id],
        Integration: [market.app.id],
        Organization: [market.installer.id],
        Place: [place.id],
        Publication: [market.publication.id],
        Token: [token.id],
        AuditEntry: [],
        Principal: [],
    }
    assert {model: await seen(model) for model in expected} == expected
    await set_columns(database, Integration, market.app.id, removed_at=1)
    assert await seen(Integration) == []
