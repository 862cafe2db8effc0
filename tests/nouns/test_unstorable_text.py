"""NUL, halves of surrogate pairs, marks and marks of direction, in every place where a request has text."""

from __future__ import annotations

import io
import logging

import pytest

from tests.harness.acting import act, listed, refusal
from tests.harness.backends import both
from tests.harness.tenants import Tenant
from wire.log import OneLineFormatter

NUL = "a\0b"
VARIABLES = [
    ("mutation($v: CreateIntegrationInput!) { createIntegration(input: $v) { __typename } }", {"name": NUL}),
    (
        "mutation($v: CreateIntegrationInput!) { createIntegration(input: $v) { __typename } }",
        {"name": "A", "auth": {"parameters": {"deep": [{"er": NUL}]}}},
    ),
    (
        "mutation($v: CreateIntegrationInput!) { createIntegration(input: $v) { __typename } }",
        {"name": "A", "auth": {"parameters": {NUL: 1}}},
    ),
    (
        "mutation($v: DispatchInput!) { dispatch(input: $v) { __typename } }",
        {"capability": {"named": {"handler": NUL, "name": "X"}}},
    ),
    (
        "mutation($v: DispatchInput!) { dispatch(input: $v) { __typename } }",
        {"capability": {"id": "x"}, "inputs": {"a": NUL}, "idempotencyKey": NUL},
    ),
    ("query($v: IntegrationFilter!) { integrations(filter: $v) { nodes { id } } }", {"search": NUL}),
    ("query($v: IntegrationFilter!) { integrations(filter: $v) { nodes { id } } }", {"ownerId": [NUL]}),
    ("query($v: IntegrationRef!) { integration(by: $v) { id } }", {"uuid": NUL}),
    ("query($v: [ID!]!) { nodes(ids: $v) { id } }", [NUL]),
    ("query($v: ID!) { node(id: $v) { id } }", NUL),
    ("mutation($v: ID!) { revokeToken(id: $v) { __typename } }", NUL),
    ("query($v: String) { events(after: $v) { nodes { id } } }", NUL),
]
LITERALS = [
    'mutation { createIntegration(input: {name: "a\\u0000"}) { __typename } }',
    'mutation { createIntegration(input: {name: "A", auth: {parameters: {a: ["\\u0000"]}}}) { __typename } }',
    'mutation { deleteIntegration(id: "\\u0000") { __typename } }',
    'query { integrations(filter: {search: "\\u{0}"}) { nodes { id } } }',
    'query { nodes(ids: ["\\u0000"]) { id } }',
    'query Q($v: String = "\\u0000") { integrations(after: $v) { nodes { id } } }',
]
UNSPEAKABLE = ["99999999999999999999", "-" + "9" * 5_000, "1e999", "[{a: 18446744073709551616}]"]


@pytest.fixture(scope="module")
async def organization(new_lasting_organization) -> Tenant:
    """One for all whose requests are refused."""
    return await new_lasting_organization()


@pytest.mark.parametrize(("document", "value"), VARIABLES)
async def test_refuses_nul_anywhere_in_variables(organization, document, value) -> None:
    answer = (await organization.client.raw(document, v=value)).json()

    codes = {error["extensions"]["code"] for error in answer["errors"]}
    assert codes == {"INVALID_INPUT"}
    assert "data" not in answer
    assert answer["errors"][0]["extensions"]["inputPath"][0] == "v"
    assert await listed(organization.client, "integrations", "id") == []


@pytest.mark.parametrize("document", LITERALS)
async def test_refuses_nul_anywhere_in_a_document(organization, document) -> None:
    answer = (await organization.client.raw(document)).json()

    assert {error["extensions"]["code"] for error in answer["errors"]} == {"INVALID_INPUT"}
    assert "data" not in answer
    assert await listed(organization.client, "integrations", "id") == []


@pytest.mark.parametrize("number", UNSPEAKABLE)
async def test_refuses_numbers_that_json_cannot_carry(organization, number) -> None:
    fields = f'integration: {{handler: "A"}}, type: "X", payload: {{a: {number}}}'

    answer = (
        await organization.client.raw(f"mutation {{ emitEvent(input: {{ {fields} }}) {{ __typename }} }}")
    ).json()

    (error,) = answer["errors"]
    assert error["extensions"] == {"code": "INVALID_INPUT", "inputPath": ["input", "payload"]}


@pytest.mark.parametrize(
    "body",
    [
        b'{"query": "query($v: ID!) { node(id: $v) { id } }", "variables": {"v": "\\ud800"}}',
        b'{"query": "query($v: ID!) { node(id: $v) { id } }", "variables": {"v": "\\udc00\\ud800"}}',
        b'{"query": "query($v: ID!) { node(id: $v) { id } }", "variables": {"\\udfff": 1, "v": "x"}}',
        b'{"query": "{ node(id: \\"\\ud800\\") { id } }"}',
        b'{"query": "{ node(id: \\"\\\\ud800\\") { id } }"}',
        b'{"query": "{ node(id: \\"\\\\u{D800}\\") { id } }"}',
        b'{"query": "{ node(id: \\"\xed\xa0\x80\\") { id } }"}',
        b'{"query": "{ viewer { __typename } }", "operationName": "\\ud800"}',
    ],
)
async def test_refuses_half_of_a_surrogate_pair_anywhere(organization, body) -> None:
    answer = await organization.client.post(body)

    assert answer.status_code in (200, 400)
    assert {error["extensions"]["code"] for error in answer.json()["errors"]} == {"BAD_REQUEST"}


@both
async def test_takes_the_rest_of_unicode_as_it_is(new_organization) -> None:
    organization = await new_organization()
    name = "\u202eevil\u202c 👩‍👩‍👧 e\u0301 \U0010ffff"

    made = await act(organization.client, "createIntegration", {"name": name, "description": "\u2028"}, "name slug")

    assert made == {"name": name, "slug": "evil-e"}


@both
async def test_bounds_a_name_in_code_points(new_organization) -> None:
    organization = await new_organization()
    client = organization.client
    refused = await refusal(client, "createIntegration", {"name": "a" + "\u0301" * 10_000})
    longest = "a" + "\u0301" * 254

    made = await act(client, "createIntegration", {"name": longest}, "name")

    assert refused["path"] == ["input", "name"]
    assert made == {"name": longest}


@both
async def test_orders_names_that_fold_to_more_than_a_key_holds(new_organization) -> None:
    organization = await new_organization()
    for name in ("\ufdfa" * 255, "\ufdfa" * 254):
        await act(organization.client, "createIntegration", {"name": name})

    assert len(await listed(organization.client, "integrations", "id", "(first: 1, orderBy: {field: NAME})")) == 1


def test_writes_one_line_for_one_event_whatever_it_says() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(OneLineFormatter())
    log = logging.Logger("patchbay.test")
    log.addHandler(handler)

    try:
        raise ValueError("first\nsecond \x1b[31mred\x1b[0m \u202eevil")
    except ValueError:
        log.exception("name \u202e%s\u2066 \u061c\r\n\x85\u2028 %s", "a\nb", "\x9b31m")

    (line,) = stream.getvalue().splitlines()
    assert "name \\u202ea\\nb\\u2066 \\u061c\\r\\n\\x85\\u2028 \\x9b31m\\nTraceback" in line
    assert line.endswith("ValueError: first\\nsecond \\x1b[31mred\\x1b[0m \\u202eevil")
