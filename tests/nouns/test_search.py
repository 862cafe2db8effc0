"""Searching: every list that can be searched folds letters alike on both databases, and has no wildcards."""

import unicodedata

import pytest
from sqlalchemy import text

from models.migrations import upgrade
from tests.definitions.conftest import save
from tests.definitions.samples import PLAIN
from tests.files.test_migration import IDS, ROWS
from tests.harness.acting import act
from tests.harness.backends import both
from tests.harness.graphql import GraphQLFailed
from tests.people.documents import act as make

pytestmark = both
#: Each text, and what it alone is found by.
FOUND_BY = {
    "Ärger": ("ÄRGER", "ärger", "A\N{COMBINING DIAERESIS}rg"),
    "Straße": ("straße", "STRASSE", "Strasse", "ss"),
    "İstanbul": ("İ", "i̇stanbul", "tanbul"),
    "Cafe\N{COMBINING ACUTE ACCENT}": ("CAFÉ", "café"),
    "eﬃcient": ("efficient", "ﬃ"),
    "100%": ("%", "100%"),
    "a_b": ("_", "A_B"),
    "a\\b": ("\\", "A\\b"),
    "a/b": ("/", "a/b"),
    "axb1": ("X 1", "axb"),
}
TEXTS = tuple(FOUND_BY)
SEARCHES = {search: {one} for one, searches in FOUND_BY.items() for search in searches}
#: Unicode folds İ to two letters, whatever the language; an asterisk is a letter as any other.
SEARCHES |= {"istanbul": set(), "*": set()}
OLDER = (
    "INSERT INTO capability (id, organization_id, created_at, updated_at, integration_id, name, field_name,"
    " description, method, endpoint, effect, input_schema, required_scopes, timeout_seconds, digest, position)"
    " VALUES ('{e}', '{o}', 0, 0, '{i}', 'RUN', 'run', 'Straße', 'GET', '/', 'READ', '{{}}', '[]', 30, '', 0)",
    "INSERT INTO principal (id, organization_id, created_at, updated_at, kind, username, display_name, name_key,"
    " custom_fields, permissions) VALUES ('{e}', '{o}', 0, 0, 'USER', 'ÄDA', 'Jürgen', 'jürgen', '{{}}', '[]')",
)


def composed(text):
    return unicodedata.normalize("NFKC", text)


async def integrations(client):
    for number, one in enumerate(TEXTS):
        await act(client, "createIntegration", {"name": one, "handler": f"H{number}"})


async def connections(client):
    for one in TEXTS:
        await act(client, "createConnection", {"name": one, "mode": "SHARED", "secret": {"bearerToken": "t"}})


async def capabilities(client):
    app = (await act(client, "createIntegration", {"name": "App"}))["id"]
    manifest = [
        {"name": f"N{number}", "method": "GET", "endpoint": "https://api.example.com", "description": one}
        for number, one in enumerate(TEXTS)
    ]
    await act(client, "declareCapabilities", {"integrationId": app, "capabilities": manifest})


async def definitions(client):
    given = {name: value for name, value in PLAIN.items() if name not in ("vendor", "source")}
    for number, one in enumerate(TEXTS):
        await save(client, f"v{number}", given | {"name": one})


async def principals(client):
    for one in map(composed, TEXTS):  # as usernames must be
        assert "principal" in await make(client, "createPrincipal", kind="USER", username=one, displayName="Somebody")


async def shown_principals(client):
    for number, one in enumerate(TEXTS):
        await make(client, "createPrincipal", kind="USER", username=f"u{number}", displayName=one)


async def places(client):
    for one in TEXTS:
        await make(client, "createPlace", kind="SITE", name=one)


@pytest.mark.parametrize(
    ("fill", "field", "shown", "narrowed"),
    [
        (integrations, "integrations", "name", "filter: {search: $%s}"),
        (integrations, "installations", "integration { name }", "filter: {search: $%s}"),
        (connections, "connections", "name", "filter: {search: $%s}"),
        (capabilities, "capabilities", "description", "filter: {search: $%s}"),
        (definitions, "definitions", "name", "filter: {search: $%s}"),
        (principals, "principals", "username", "search: $%s"),
        (shown_principals, "principals", "displayName", "search: $%s"),
        (places, "places", "name", "search: $%s"),
    ],
)
async def test_folds_letters_and_knows_no_wildcards(organization, fill, field, shown, narrowed):
    await fill(organization.client)
    searches = {f"s{number}": search for number, search in enumerate(SEARCHES)}
    variables = ", ".join(f"${name}: String!" for name in searches)
    fields = [f"{name}: {field}(first: 50, {narrowed % name}) {{ nodes {{ {shown} }} }}" for name in searches]

    answer = await organization.client.query(f"query({variables}) {{ {' '.join(fields)} }}", **searches)

    found = {search: {composed(text_of(node)) for node in answer[name]["nodes"]} for name, search in searches.items()}
    assert found == {search: set(map(composed, texts)) for search, texts in SEARCHES.items()}


async def test_refuses_more_than_1000_characters(organization):
    """SQLite refuses patterns of 50,000 bytes, PostgreSQL none."""
    document = "query($s: String!) { integrations(filter: {search: $s}) { totalCount } }"

    longest = await organization.client.query(document, s="ß" * 500)
    with pytest.raises(GraphQLFailed, match="At most 1000 characters"):
        await organization.client.query(document, s="ß" * 501)

    assert longest == {"integrations": {"totalCount": 0}}


async def test_what_was_there_before_is_found_too(empty_database):
    await upgrade(empty_database, "0001")
    async with empty_database.write() as session:
        for row in (*ROWS, *OLDER):
            await session.execute(text(row.format(**IDS)))

    await upgrade(empty_database)

    async with empty_database.read() as session:
        found = [
            (await session.execute(text(f"SELECT search_text FROM {table}"))).scalar_one()
            for table in ("capability", "integration", "principal")
        ]
    assert found == ["run\nstrasse", "a\n\ncustom", "jürgen\näda"]


def text_of(node):
    """The text that a row was made with."""
    (value,) = node.values()
    return text_of(value) if isinstance(value, dict) else value
