"""The public side of an app: every field that the graph shows of one that is another's and not installed."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLObjectType
from sqlalchemy import update
from sqlmodel import col

from models.row import new_id
from models.tables import Integration
from models.vocabulary import PublicationVisibility
from resolvers.publishing.manifest import ExternalLink, PublishIntegration
from resolvers.publishing.mutations import publish_integration
from tests.harness.estate import Estate
from tests.harness.graph import SCHEMA, is_page, linked_fields, plain_fields
from tests.harness.rows import ids_in, snapshot

#: All that strangers read of the integration. A new field of the type is decided about here.
PUBLIC = {
    *("id", "databaseId", "handler", "slug", "identifier", "name", "description", "readme", "vendor", "category"),
    *("iconUrl", "state", "stateChangedAt", "mode", "access", "version", "createdAt", "updatedAt"),
    *("publisher", "publication"),
}
#: And of its publication.
PUBLISHED = {
    *("__typename", "id", "databaseId", "name", "version", "visibility", "target", "scopes", "categories"),
    *("externalLinks", "blocks", "contentSources", "configurations", "runtime", "publishedAt"),
}
GIVEN = {
    "blocks": [{"id": "card", "title": "Card"}],
    "content_sources": [{"id": "feed", "title": "Feed"}],
    "categories": ("content",),
    "external_links": (ExternalLink(label="Docs", url="https://example.com"),),
    "configurations": {"account": {"properties": {}}},
    "secrets": {"SECRET_NAME": "secret-value"},
}


async def test_a_stranger_reads_the_public_side_and_nothing_else(estate: Estate, stranger: Estate, database):
    name = f"app-{new_id()}x"
    await estate.hub.run(_fail(estate))
    await estate.run(publish_integration, _manifest(estate, name))
    ids = ids_in(await snapshot(database, estate.tenant.id))
    kind = SCHEMA.type_map["Integration"]
    assert isinstance(kind, GraphQLObjectType)
    document = f"""query($n: String!) {{
      integration(by: {{publishedName: $n}}) {{ {_all(kind)} do: capability(name: "DO") {{ id }} }}
      publishedIntegrations(filter: {{search: $n}}) {{ nodes {{ {_all(kind)} }} }} }}"""

    shown = await stranger.tenant.client.query(document, n=name)

    found = shown["integration"]
    assert {field for field, value in found.items() if not _is_empty(value)} == PUBLIC
    assert {field for field, value in found["publication"].items() if not _is_empty(value)} == PUBLISHED
    assert found["publisher"].keys() == {"__typename", "name", "slug"}
    assert shown["publishedIntegrations"]["nodes"] == [{key: found[key] for key in found if key != "do"}]
    public = {found["databaseId"], found["publication"]["databaseId"]}
    text = repr({**found, "iconUrl": None})
    assert [one for one in ids - public if one in text] == []
    assert "SECRET_NAME" not in text
    assert "secret-value" not in text


async def _fail(estate: Estate) -> None:
    async with estate.hub.app.state.hub.database.write() as session:
        own = update(Integration).where(col(Integration.id) == estate.integration.id)
        await session.execute(own.values(state_error="The key of the vendor is wrong."))


def _manifest(estate: Estate, name: str) -> PublishIntegration:
    return PublishIntegration(
        integration_id=estate.integration.id,
        name=name,
        title="Weather",
        description="It shows the weather.",
        summary="# Weather",
        scopes=("read",),
        visibility=PublicationVisibility.PUBLIC,
        **GIVEN,
    )


def _all(kind: GraphQLObjectType) -> str:
    """Every field that needs no argument; of a page the ids, of an object all that it has itself."""
    linked = (f"{name} {_inside(of)}" for name, of in linked_fields(kind))
    return " ".join([*plain_fields(kind), *linked])


def _inside(kind: Any) -> str:
    if is_page(kind):
        return "{ nodes { id } }"
    plain = plain_fields(kind) if isinstance(kind, GraphQLObjectType) else ()
    links = ["externalLinks { url }"] if kind.name == "Publication" else []
    return f"{{ __typename {' '.join([*plain, *links])} }}"


def _is_empty(value: Any) -> bool:
    return value in (None, False, 0, "", [], {}, {"nodes": []})
