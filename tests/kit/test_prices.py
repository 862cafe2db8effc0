"""Prices of fields: long columns cost as much as the look-ups that read as many bytes."""

from __future__ import annotations

import pytest
from graphql import GraphQLObjectType, get_named_type, get_nullable_type, is_list_type
from sqlalchemy import inspect

from models.row import longest
from models.tables import Capability, Integration
from schema.build import build_schema
from schema.door.admission import Admission, Method
from schema.door.limits import Limits
from schema.door.refusal import Refused
from tests.harness.statements import counted

SCHEMA = build_schema()._schema
READMES = " ".join(f"r{number}: readme" for number in range(60))


def cost(query: str) -> int:
    return Admission(Limits()).admit(SCHEMA, query, None, None, method=Method.POST).cost.requested


def test_knows_the_greatest_length_of_a_column():
    own, of_capability = inspect(Integration).columns, inspect(Capability).columns

    names = ("slug", "readme", "created_at", "parameters")
    assert [longest(own[name].type) for name in names] == [own["slug"].type.length, 100_000, 0, 262_144]
    assert [longest(of_capability[name].type) for name in ("name", "endpoint")] == [255, 2048]


@pytest.mark.parametrize(
    ("fields", "price"),
    [("name slug createdAt", 0), ("readme", 24), ("readme again: readme", 48), ("auth { parameters }", 65)],
)
def test_a_long_column_costs_a_point_for_each_4_kilobytes(fields, price):
    assert cost(f"{{ integrations(first: 10) {{ nodes {{ id {fields} }} }} }}") == 1 + 10 * price


def test_prices_json_wherever_it_is_shown():
    assert cost("{ capabilities(first: 10) { nodes { inputSchema inputs { default } } } }") == 1 + 10 * (64 + 1 + 64)


async def test_refuses_many_long_columns_before_anything_runs(hub, organization):
    with pytest.raises(Refused):
        cost(f"{{ integrations(first: 100) {{ nodes {{ {READMES} }} }} }}")
    with counted(hub.app.state.hub.database) as statements:
        answer = await organization.client.raw(f"{{ integrations(first: 100) {{ nodes {{ {READMES} }} }} }}")

    assert answer.json()["errors"][0]["extensions"]["code"] == "TOO_COSTLY"
    assert [each for each in statements if "FROM integration" in each] == []


def looks_up(kind) -> bool:
    """Whether a type has fields that read other rows."""
    return any(
        field.extensions["strawberry-definition"].is_async
        for field in getattr(kind, "fields", {}).values()
        if "strawberry-definition" in field.extensions
    )


def test_every_list_with_look_ups_below_it_has_a_greatest_length():
    lists = {
        f"{kind.name}.{name}": field
        for kind in SCHEMA.type_map.values()
        if isinstance(kind, GraphQLObjectType) and not kind.name.endswith(("Connection", "Edge"))
        for name, field in kind.fields.items()
        if is_list_type(get_nullable_type(field.type)) and looks_up(get_named_type(field.type))
    }

    assert {"Token.allowedCapabilities", "ConnectSession.integrations", "Integration.shares"} < lists.keys()
    assert [name for name, field in lists.items() if "rows" not in field.extensions and "ids" not in field.args] == []


def test_look_ups_below_a_list_count_for_each_member():
    assert cost("{ tokens(first: 10) { nodes { allowedCapabilities { integration { name } } } } }") == 1 + 10 * 1_001
