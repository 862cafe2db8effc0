"""Refusals of whole requests, and the codes of `extensions.code`."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from graphql import GraphQLError, Node

from schema.door.limits import Cost


class Code(StrEnum):
    """Codes of `errors[]`. The first five occur only there, the others are the graph's problem codes too."""

    BAD_REQUEST = "BAD_REQUEST"
    TOO_COSTLY = "TOO_COSTLY"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"
    UNAVAILABLE = "UNAVAILABLE"
    CONFLICT = "CONFLICT"
    FORBIDDEN = "FORBIDDEN"
    INVALID_INPUT = "INVALID_INPUT"
    NOT_FOUND = "NOT_FOUND"
    NOT_READY = "NOT_READY"
    STALE = "STALE"
    TOO_MANY = "TOO_MANY"
    UPSTREAM_FAILED = "UPSTREAM_FAILED"


class Refused(Exception):
    """Nothing of the request was executed. Every error has a code. `cost`: None if it was refused before weighing.

    `wrong_method`: the same request would be accepted as POST.
    """

    def __init__(
        self, errors: Sequence[GraphQLError], *, cost: Cost | None = None, wrong_method: bool = False
    ) -> None:
        super().__init__(errors[0].message)
        self.errors = tuple(errors)
        self.cost = cost
        self.wrong_method = wrong_method


def refusal(code: Code, message: str, node: Node | None = None, *, cost: Cost | None = None) -> Refused:
    """A refusal for one reason."""
    return Refused([GraphQLError(message, node, extensions={"code": code})], cost=cost)
