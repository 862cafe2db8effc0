"""Arguments of pages and cursors that cannot be: refused by name, whichever list they are given to."""

from __future__ import annotations

import base64

import pytest
from graphql import get_named_type, is_required_argument

from schema.kit.ids import global_id
from tests.harness.backends import both
from tests.harness.encodings import doubles
from tests.harness.graph import is_page, linked_fields, node_types, root_fields
from tests.harness.statements import counted

ROOTS = [
    name
    for name, field in root_fields().items()
    if is_page(get_named_type(field.type)) and not any(map(is_required_argument, field.args.values()))
]
NESTED = [(kind.name, name) for kind in node_types() for name, of in linked_fields(kind) if is_page(of)]
BAD_CURSORS = {
    "empty": "",
    "not base64": "!!!!",
    "half of it": "AAA",
    "base64 of nothing known": base64.urlsafe_b64encode(b"\x00" * 40).decode(),
    "not UTF-8": base64.urlsafe_b64encode(b"\xff" * 40).decode(),
    "SQL": "' OR 1=1 --",
    "NUL": "AAAA\0AAAA",
    "100 kB": "A" * 100_000,
    "not ASCII": "ключ",
    "an offset": base64.urlsafe_b64encode(b"arrayconnection:10").decode(),
    "400 digits": "9" * 400,
}
BAD_ARGUMENTS = [
    ({"first": -1}, "first"),
    ({"first": 0}, "first"),
    ({"first": 101}, "first"),
    ({"first": 2**31 - 1}, "first"),
    ({"first": 2**63}, "first"),
    ({"last": -1}, "last"),
    ({"last": 0}, "last"),
    ({"last": 101}, "last"),
    ({"last": -(2**31)}, "last"),
    ({"first": 1, "last": 1}, "last"),
]
HEAD = "query($first: Int, $after: String, $last: Int, $before: String"
ARGUMENTS = "(first: $first, after: $after, last: $last, before: $before)"
PAGE = "{ nodes { id } pageInfo { endCursor } }"


def root(name: str) -> str:
    return f"{HEAD}) {{ {name}{ARGUMENTS} {PAGE} }}"


def nested(kind: str, name: str) -> str:
    return f"{HEAD}, $id: ID!) {{ node(id: $id) {{ ... on {kind} {{ {name}{ARGUMENTS} {PAGE} }} }} }}"


async def refusal(client, document, **given):
    """Code and place of the one error that a document is refused with."""
    answer = (await client.raw(document, **given)).json()
    (error,) = answer["errors"]
    return error["extensions"]["code"], error["extensions"].get("inputPath")


@pytest.mark.parametrize("argument", ["after", "before"])
@pytest.mark.parametrize("cursor", BAD_CURSORS.values(), ids=BAD_CURSORS)
async def test_refuses_a_bad_cursor_on_every_list(cursor, argument, victim):
    given = {argument: cursor, "last" if argument == "before" else "first": 1}
    ids = {"Integration": victim.integration.id, "Capability": victim.capability.id}
    ids |= {"ConnectedAccount": victim.shared.id, "Installation": victim.installation.id}
    ids |= {"Event": victim.event.id, "Webhook": victim.hooked.webhook.id, "Place": victim.things["place"].id}
    ids |= {"Flow": victim.ran.flow.id, "Run": victim.ran.run.id}
    ids |= {"Step": victim.things["step"].id}
    tables = {"ConnectedAccount": "ConnectedAccount"}

    for name in ROOTS:
        assert await refusal(victim.tenant.client, root(name), **given) == ("INVALID_INPUT", [argument]), name
    for kind, name in NESTED:
        node_id = global_id(tables.get(kind, kind), ids[kind])
        found = await refusal(victim.tenant.client, nested(kind, name), id=node_id, **given)
        assert found == ("INVALID_INPUT", [argument]), (kind, name)


@pytest.mark.parametrize(("given", "argument"), BAD_ARGUMENTS)
async def test_refuses_a_bad_size_on_every_list(given, argument, victim):
    app = global_id("Integration", victim.integration.id)

    for name in ROOTS:
        assert await refusal(victim.tenant.client, root(name), **given) == ("INVALID_INPUT", [argument]), name
    for name in (name for kind, name in NESTED if kind == "Integration"):
        found = await refusal(victim.tenant.client, nested("Integration", name), id=app, **given)
        assert found == ("INVALID_INPUT", [argument]), name


@pytest.mark.parametrize(
    ("argument", "value"), [("first", 101), ("last", 101), ("after", "!!!!"), ("before", "!!!!")]
)
async def test_refuses_a_bad_size_or_cursor_before_anything_runs(argument, value, hub, victim):
    with counted(hub.app.state.hub.database) as statements:
        answers = [await refusal(victim.tenant.client, root(name), **{argument: value}) for name in ROOTS]

    assert answers == [("INVALID_INPUT", [argument])] * len(ROOTS)
    assert statements == []


INTEGRATIONS = """
query($after: String, $search: String, $order: IntegrationOrder!) {
  integrations(after: $after, filter: {search: $search}, orderBy: $order) { nodes { id } pageInfo { endCursor } }
}
"""
BY_NAME = {"field": "NAME"}


@both
async def test_refuses_a_cursor_of_another_list(victim, stranger):
    client, word = victim.tenant.client, victim.word
    page = (await client.query(INTEGRATIONS, search=word, order=BY_NAME))["integrations"]
    cursor = page["pageInfo"]["endCursor"]
    (again,) = (await client.query(INTEGRATIONS, search=word, order=BY_NAME, after=cursor)).values()

    refused = [
        await refusal(client, INTEGRATIONS, search="other", order=BY_NAME, after=cursor),
        await refusal(client, INTEGRATIONS, search=word, order={"field": "CREATED_AT"}, after=cursor),
        await refusal(client, INTEGRATIONS, search=word, order=BY_NAME | {"direction": "DESC"}, after=cursor),
        await refusal(stranger.tenant.client, INTEGRATIONS, search=word, order=BY_NAME, after=cursor),
        *[await refusal(client, root(name), after=cursor) for name in ROOTS],
    ]

    assert again["nodes"] == []
    assert set(map(str, refused)) == {"('INVALID_INPUT', ['after'])"}


@both
async def test_refuses_a_cursor_of_the_same_field_of_another_parent(victim):
    document = nested("Integration", "auditEntries")
    one, other = (global_id("Integration", row.id) for row in (victim.integration, victim.restricted))
    page = (await victim.tenant.client.query(document, id=one))["node"]["auditEntries"]

    found = await refusal(victim.tenant.client, document, id=other, after=page["pageInfo"]["endCursor"])

    assert found == ("INVALID_INPUT", ["after"])


async def test_a_cursor_has_one_text(victim):
    page = (await victim.tenant.client.query(root("auditEntries"), first=1))["auditEntries"]
    others = doubles(page["pageInfo"]["endCursor"]).values()

    found = [await refusal(victim.tenant.client, root("auditEntries"), first=1, after=double) for double in others]

    assert found == [("INVALID_INPUT", ["after"])] * len(others)


@both
async def test_refuses_a_cursor_with_any_byte_changed(victim):
    page = (await victim.tenant.client.query(root("auditEntries"), first=1))["auditEntries"]
    raw = base64.urlsafe_b64decode(page["pageInfo"]["endCursor"] + "==")

    for index in range(len(raw)):
        changed = raw[:index] + bytes([raw[index] ^ 1]) + raw[index + 1 :]
        cursor = base64.urlsafe_b64encode(changed).rstrip(b"=").decode()
        found = await refusal(victim.tenant.client, root("auditEntries"), first=1, after=cursor)
        assert found == ("INVALID_INPUT", ["after"])
