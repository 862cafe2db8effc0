"""Prices of fields: long columns cost as much as the look-ups that read as many bytes."""

from __future__ import annotations

import pytest
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
