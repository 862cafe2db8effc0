"""Goes through the gate without a server around it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from graphql import GraphQLSchema

from schema.door.admission import Admission, Admitted, Method
from schema.door.limits import Limits
from schema.door.refusal import Refused


def admit(schema: GraphQLSchema, query: str, variables: dict[str, Any] | None = None) -> Admitted:
    return Admission(Limits()).admit(schema, query, variables, None, method=Method.POST)


def refused(schema: GraphQLSchema, query: str, variables: dict[str, Any] | None = None) -> tuple[str, str, float]:
    """Code and message of the first error, and the seconds of CPU that the refusal took."""
    start = time.process_time()
    with pytest.raises(Refused) as caught:
        admit(schema, query, variables)
    taken = time.process_time() - start
    (error, *_) = caught.value.errors
    return error.extensions["code"], error.message, taken


def aliased(count: int, field: str) -> str:
    return "{ " + " ".join(f"a{n}: {field}" for n in range(count)) + " }"
