"""Inputs of the graph as commands, and places of commands as the graph names them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import strawberry
from graphql import (
    GraphQLObjectType,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_input_object_type,
    is_list_type,
)

from schema.build import build_schema as build
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


def holds_many_objects(kind, seen=frozenset()):
    """Whether a value of an input type can have a list of objects anywhere."""
    named = get_named_type(kind)
    if not is_input_object_type(named) or named in seen:
        return False
    if is_list_type(get_nullable_type(kind)):
        return True
    return any(holds_many_objects(field.type, seen | {named}) for field in named.fields.values())


def test_lists_of_objects_are_converted_when_a_resolver_is_called():
    """The door calls resolvers with many values in a thread; what they await goes on in the event loop."""
    schema = build()._schema
    taking = {
        name: field.extensions["strawberry-definition"].is_async
        for kind in schema.type_map.values()
        if isinstance(kind, GraphQLObjectType)
        for name, field in kind.fields.items()
        if any(holds_many_objects(argument.type) for argument in field.args.values())
    }

    assert taking["declareCapabilities"] is False
    assert [name for name, asynchronous in taking.items() if asynchronous] == []


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
