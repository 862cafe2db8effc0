"""The list of integrations: each filter, each order, and what of it is bounded."""

from __future__ import annotations

import pytest

from tests.harness.acting import act, listed
from tests.harness.backends import both
from tests.harness.graphql import GraphQL, GraphQLFailed

pytestmark = both
SHOPS = [
    {"name": "Éclair", "vendor": "acme", "category": "food", "description": "Sweet 100% things"},
    {"name": "bagel_shop", "vendor": "bake", "category": "food"},
    {"name": "Zebra", "vendor": "acme", "category": "zoo"},
]


@pytest.fixture(scope="module")
async def shops(new_lasting_organization) -> GraphQL:
    """For an organization that has them, of which the bagel shop was changed last."""
    client = (await new_lasting_organization()).client
    _, bagel, _ = [await act(client, "createIntegration", shop) for shop in SHOPS]
    await act(client, "updateIntegration", {"id": bagel["id"], "description": "changed last"})
    return client


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ('search: "éCLAIR"', ["Éclair"]),
        ('search: "sweet things"', ["Éclair"]),
        ('search: "things nowhere"', []),
        ('search: "100%"', ["Éclair"]),
        ('search: "%"', ["Éclair"]),
        ('search: "l_s"', ["bagel_shop"]),
        ('search: "acme"', ["Zebra", "Éclair"]),
        ('search: ""', ["bagel_shop", "Zebra", "Éclair"]),
        ('vendor: ["acme", "nobody"]', ["Zebra", "Éclair"]),
        ("vendor: []", []),
        ("vendor: null", ["bagel_shop", "Zebra", "Éclair"]),
        ('category: ["food"]', ["bagel_shop", "Éclair"]),
        ('category: ["food"], vendor: ["acme"]', ["Éclair"]),
        ("state: [LIVE]", ["bagel_shop", "Zebra", "Éclair"]),
        ("state: [NEW, VERIFYING]", []),
        ("supportsUpload: true", []),
    ],
)
async def test_filters(shops, condition, names) -> None:
    assert [
        one["name"] for one in await listed(shops, "integrations", "name", f"(filter: {{ {condition} }})")
    ] == names


async def test_filters_by_owner(organization) -> None:
    other = await organization.add_user("other")
    for given in ({"name": "Ours"}, {"name": "Theirs", "ownerId": other}):
        await act(organization.client, "createIntegration", given)

    found = await listed(organization.client, "integrations", "name", f'(filter: {{ ownerId: ["{other}"] }})')

    assert found == [{"name": "Theirs"}]


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("field: NAME", ["bagel_shop", "Zebra", "Éclair"]),
        ("field: NAME, direction: DESC", ["Éclair", "Zebra", "bagel_shop"]),
        ("field: CREATED_AT", ["Éclair", "bagel_shop", "Zebra"]),
        ("field: CREATED_AT, direction: DESC", ["Zebra", "bagel_shop", "Éclair"]),
        ("field: UPDATED_AT, direction: DESC", ["bagel_shop", "Zebra", "Éclair"]),
    ],
)
async def test_orders(shops, order, names) -> None:
    assert [one["name"] for one in await listed(shops, "integrations", "name", f"(orderBy: {{ {order} }})")] == names


@pytest.mark.parametrize("filter", [{"search": "word " * 21}, {"vendor": ["v"] * 1001}, {"vendor": ["v"] * 10_000}])
async def test_refuses_filters_beyond_what_a_database_takes(shops, filter) -> None:
    with pytest.raises(GraphQLFailed) as failed:
        await shops.query("query($f: IntegrationFilter) { integrations(filter: $f) { nodes { id } } }", f=filter)

    assert failed.value.codes == ["INVALID_INPUT"]
