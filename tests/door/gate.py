"""Goes through the gate without a server around it."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLSchema

from schema.door.admission import Admission, Admitted, Method
from schema.door.limits import Limits
from schema.door.refusal import Refused
from tests.harness.effort import effort


def admit(schema: GraphQLSchema, query: str, variables: dict[str, Any] | None = None) -> Admitted:
    return Admission(Limits()).admit(schema, query, variables, None, method=Method.POST)


def refused(schema: GraphQLSchema, query: str, variables: dict[str, Any] | None = None) -> tuple[str, str, float]:
    """Code and message of the first error, and the seconds of CPU that the refusal took."""
    with effort() as spent, pytest.raises(Refused) as caught:
        admit(schema, query, variables)
    (error, *_) = caught.value.errors
    return error.extensions["code"], error.message, spent.seconds


def aliased(count: int, field: str) -> str:
    return "{ " + " ".join(f"a{n}: {field}" for n in range(count)) + " }"
