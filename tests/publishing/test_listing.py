"""The list of public apps: its order, its filters, and the statements that it takes."""

from __future__ import annotations

import pytest

from models.database import Database
from models.errors import Forbidden, InvalidInput, NotFound
from models.vocabulary import Permission, PublicationTarget, PublicationVisibility
from resolvers.find import IntegrationRef
from resolvers.page import SliceRequest
from resolvers.publishing.queries import PublicationFilter, list_published, read_published
from tests.harness.backends import both
from tests.harness.estate import caller_of
from tests.harness.statements import counted
from tests.publishing.conftest import Publisher, app_name

PUBLIC = {"visibility": PublicationVisibility.PUBLIC}


async def names(by: Publisher, size: int = 100, after: tuple[str, str] | None = None, **filter: object) -> list[str]:
    """The names that an organization finds, of the test's publisher alone."""
    page = SliceRequest(size=size, after=after, count=True)
    found = await by.run(list_published, PublicationFilter(**filter), page)  # type: ignore[arg-type]
    assert found.total >= len(found.rows)
    return [one.name for one in found.rows]


@both
async def test_lists_the_public_apps_of_all_by_name(publisher: Publisher, other: Publisher):
    made = sorted([app_name() for _ in range(5)], reverse=True)
    for name in made[:3]:
        await publisher.publish(name, **PUBLIC)
    await publisher.publish(made[3], visibility=PublicationVisibility.UNLISTED)
    await publisher.publish(made[4])
    slug = publisher.tenant.slug

    assert await names(other, publisher=slug) == sorted(made[:3])
    assert await names(publisher, publisher=publisher.tenant.id) == sorted(made[:3])
    page = SliceRequest(size=2)
    first = await other.run(list_published, PublicationFilter(publisher=slug), page)
    position = (first.rows[-1].name_key, first.rows[-1].id)
    assert await names(other, publisher=slug, after=position) == [max(made[:3])]
    assert first.has_next


@both
async def test_narrows_by_each_filter(publisher: Publisher, other: Publisher):
    slug = publisher.tenant.slug
    plain, rich = app_name(), app_name()
    await publisher.publish(plain, **PUBLIC, title="Rain", scopes=())
    await publisher.publish(
        rich,
        **PUBLIC,
        target=PublicationTarget.SITE,
        categories=("content", "other"),
        blocks=[
            {
                "id": "a",
                "title": "Aa",
                "urlUnfurl": ["https://Weather.example.com:8080/**", "https://*.example.org/x"],
            }
        ],
        content_sources=[{"id": "s", "title": "Ss"}],
    )

    async def only_rich(**filter: object) -> bool:
        return await names(other, publisher=slug, **filter) == [rich]

    assert await only_rich(search=f"WEATHER {rich.upper()}")
    assert await only_rich(search=rich[4:])
    assert await only_rich(category="other")
    assert await only_rich(scope="space:content:read")
    assert await only_rich(blocks=True)
    assert await only_rich(content_sources=True)
    assert await only_rich(target=PublicationTarget.SITE)
    for host in ("weather.example.com", "WEATHER.EXAMPLE.COM", "a.b.example.org"):
        assert await only_rich(block_domain=host)
    for nothing in ({"block_domain": "example.com"}, {"block_domain": "example.org"}, {"category": "con"}):
        assert await names(other, publisher=slug, **nothing) == []
    assert await names(other, publisher=slug, blocks=False) == [plain]
    assert await names(other, publisher=slug, content_sources=False) == [plain]
    with pytest.raises(InvalidInput) as refused:
        await names(other, block_domain="a/b")
    assert refused.value.path == ("filter", "block_domain")


async def test_a_private_app_exists_for_its_organization_alone(publisher: Publisher, other: Publisher):
    private, unlisted = app_name(), app_name()
    mine = await publisher.publish(private)
    await publisher.publish(unlisted, visibility=PublicationVisibility.UNLISTED)

    found = await other.run(read_published, IntegrationRef(published_name=unlisted.upper()))
    with pytest.raises(NotFound):
        await other.run(read_published, IntegrationRef(id=found.integration.id))

    assert (found.name, found.is_admin) == (unlisted, False)
    for hidden in (private, mine.integration.id, app_name()):
        with pytest.raises(NotFound) as refused:
            await other.run(read_published, IntegrationRef(published_name=hidden))
        assert refused.value.message == "There is no such integration."
    for ref in (private, mine.integration.id):
        own = await publisher.run(read_published, IntegrationRef(published_name=ref))
        assert (own.integration.id, own.is_admin) == (mine.integration.id, True)


@pytest.mark.parametrize("visibility", PublicationVisibility)
async def test_reading_a_private_app_needs_the_permission_and_another_one_none(publisher: Publisher, visibility):
    ref = IntegrationRef(published_name=(await publisher.publish(app_name(), visibility=visibility)).name)
    without, reader = (
        read_published(caller_of(publisher.hub, publisher.tenant, permissions), ref)
        for permissions in ((), (Permission.INTEGRATIONS_READ,))
    )

    if visibility is PublicationVisibility.PRIVATE:
        with pytest.raises(Forbidden, match="INTEGRATIONS_READ"):
            await publisher.hub.run(without)
    else:
        assert (await publisher.hub.run(without)).name == ref.published_name
    assert (await publisher.hub.run(reader)).name == ref.published_name


async def test_a_public_app_is_found_by_its_id_too(publisher: Publisher, other: Publisher):
    made = await publisher.publish(app_name(), **PUBLIC)

    found = await other.run(read_published, IntegrationRef(id=made.integration.id))

    assert found.name == made.name


@both
async def test_reads_many_apps_in_as_many_statements_as_one(publisher: Publisher, other: Publisher, hub):
    database: Database = hub.app.state.hub.database
    slug = publisher.tenant.slug
    sent = []
    for rows in (1, 9):
        while len(await names(other, publisher=slug)) < rows:
            await publisher.publish(app_name(), **PUBLIC, categories=("content",))
        with counted(database) as statements:
            assert len(await names(other, publisher=slug, category="content")) == rows
        sent.append(len(statements))

    assert sent == [6, 6]
