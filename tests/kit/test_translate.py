"""Inputs of the graph as commands, and places of commands as the graph names them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import strawberry
from graphql import build_schema

from schema.kit.places import place_in
from schema.kit.translate import require_fields

MUTATIONS = build_schema(
    """
    scalar JSON
    input Below { keyName: String, facts: JSON }
    input Given { ownerId: ID, below: Below, lists: [Below!], facts: JSON }
    type Query { take(input: Given!): Int, drop(id: ID!, expectedVersion: Int): Int }
    """
).query_type.fields


@dataclass(frozen=True, kw_only=True)
class Command:
    """Has one of the two members."""

    name: str


@strawberry.input
class Input:
    """Has two members."""

    name: str
    other_name: str


def test_an_input_with_a_member_that_its_command_lacks_is_a_fault_of_the_graph():
    with pytest.raises(TypeError, match="Command has no field for other_name of Input"):
        require_fields(Command, Input)


@pytest.mark.parametrize(
    ("field", "path", "shown"),
    [
        ("take", ("owner_id",), ("input", "ownerId")),
        ("take", ("below", "key_name"), ("input", "below", "keyName")),
        ("take", ("lists", "0", "key_name"), ("input", "lists", "0", "keyName")),
        ("take", ("facts", "an_own_word"), ("input", "facts", "an_own_word")),
        ("take", ("lists", "1", "facts", "an_own_word"), ("input", "lists", "1", "facts", "an_own_word")),
        ("take", (), ("input",)),
        ("take", ("headers", "X-Who"), ("headers", "X-Who")),
        ("drop", ("id",), ("id",)),
        ("drop", ("expected_version",), ("expectedVersion",)),
        ("drop", ("some_place",), ("some_place",)),
    ],
)
def test_a_place_is_named_by_the_arguments_of_the_field(field, path, shown):
    assert place_in(MUTATIONS[field].args, path) == shown
