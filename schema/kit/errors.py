"""Refusals as members of result unions: one interface, one type for each kind."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Any

import strawberry
from strawberry.types.field import StrawberryField

from models import errors
from models.vocabulary import Permission, UnavailableReason, UpstreamFailure
from schema.kit.node import Node


def _renamed(name: str) -> str:
    """`reason` has two types in one union, so that no document could select both without an alias."""
    return f"Use `{name}`. It stays at least until 2027-06-01."


@strawberry.enum(description="Closed list of refusals.")
class ProblemCode(StrEnum):
    """The words of `Problem.code` and `extensions.code`."""

    NOT_FOUND = "NOT_FOUND"
    CONFLICT = "CONFLICT"
    INVALID_INPUT = "INVALID_INPUT"
    FORBIDDEN = "FORBIDDEN"
    STALE = "STALE"
    TOO_MANY = "TOO_MANY"
    NOT_READY = "NOT_READY"
    UPSTREAM_FAILED = "UPSTREAM_FAILED"


@strawberry.interface(description="Why a mutation was refused. Nothing was changed.")
class Problem:
    """The fields of every refusal."""

    code: ProblemCode = strawberry.field(description="The kind, the same word as `extensions.code`.")
    message: str = strawberry.field(description="A sentence for people that says what to do.")
    path: list[str] | None = strawberry.field(
        description="Where in the input, such as `input`, `capabilities`, `0`, `endpoint`; null when it is about"
        " no single place."
    )


@strawberry.type(description="No such thing, or not yours: the two are indistinguishable.")
class NotFound(Problem):
    """A row that does not exist for the caller."""


@strawberry.type(description="A unique value is taken, or an idempotency key was used with another input.")
class Conflict(Problem):
    existing: Node | None = strawberry.field(description="What stands in the way, when you may see it.")


@strawberry.type(description="One faulty value.")
class Violation:
    path: list[str] = strawberry.field(description="Where.")
    message: str = strawberry.field(description="What is wrong with it.")


@strawberry.type(description="One or more values are wrong.")
class InvalidInput(Problem):
    violations: list[Violation] = strawberry.field(description="The faults in input order, at most 100; never empty.")
    violation_count: int = strawberry.field(
        description="The number of faults found; no part of an input is searched for more than some hundreds."
    )


@strawberry.type(description="Your token or your role does not allow it.")
class Forbidden(Problem):
    permission: Permission | None = strawberry.field(
        description="The permission that was missing; null when the refusal is about a role, such as a share."
    )


@strawberry.type(description="The row changed since you read it (`expectedVersion`).")
class Stale(Problem):
    current_version: int = strawberry.field(description="The version to read and merge with.")


@strawberry.type(description="A rate, concurrency or size limit.")
class TooMany(Problem):
    retry_after_seconds: int | None = strawberry.field(
        description="Seconds to wait; null when waiting does not help."
    )


@strawberry.type(description="The thing exists, but its state does not allow this yet.")
class NotReady(Problem):
    reason: UnavailableReason = strawberry.field(
        description="What is missing.", deprecation_reason=_renamed("unavailableReason")
    )
    unavailable_reason: UnavailableReason = strawberry.field(description="What is missing.")
    missing_scopes: list[str] = strawberry.field(description="Scopes that the connection lacks.")
    connect_url: str | None = strawberry.field(
        description="Signed link on which the user can connect or consent, for 30 minutes; nothing is stored"
        " before it is opened."
    )


@strawberry.type(description="Something outside failed while the hub itself needed it.")
class UpstreamFailed(Problem):
    reason: UpstreamFailure = strawberry.field(
        description="How it failed.", deprecation_reason=_renamed("upstreamReason")
    )
    upstream_reason: UpstreamFailure = strawberry.field(description="How it failed.")
    external_status: int | None = strawberry.field(description="Its HTTP status, when it answered.")


#: The facts of a refusal that have another name in the graph.
_ATTRIBUTES = {"unavailable_reason": "reason", "upstream_reason": "reason", "violation_count": "count"}
_KINDS: dict[type[errors.DomainError], tuple[type[Any], ProblemCode, tuple[str, ...]]] = {
    errors.NotFound: (NotFound, ProblemCode.NOT_FOUND, ()),
    errors.Conflict: (Conflict, ProblemCode.CONFLICT, ("existing",)),
    errors.InvalidInput: (InvalidInput, ProblemCode.INVALID_INPUT, ("violations", "violation_count")),
    errors.Forbidden: (Forbidden, ProblemCode.FORBIDDEN, ("permission",)),
    errors.Stale: (Stale, ProblemCode.STALE, ("current_version",)),
    errors.NotReady: (
        NotReady,
        ProblemCode.NOT_READY,
        ("reason", "unavailable_reason", "missing_scopes", "connect_url"),
    ),
    errors.TooMany: (TooMany, ProblemCode.TOO_MANY, ("retry_after_seconds",)),
    errors.UpstreamFailed: (
        UpstreamFailed,
        ProblemCode.UPSTREAM_FAILED,
        ("reason", "upstream_reason", "external_status"),
    ),
}


def _handler(kind: type[errors.DomainError]) -> Any:
    problem, code, facts = _KINDS[kind]

    class Handler(strawberry.ExceptionHandler):  # type: ignore[type-arg]  # known at run time only
        """Turns a refusal of one kind into a member of the field's union."""

        exception_type = kind
        error_type = problem

        def handle(self, exception: Any, *, field: StrawberryField, info: strawberry.Info) -> Any:
            path = None if exception.path is None else list(exception.path)
            named = {name: getattr(exception, _ATTRIBUTES.get(name, name)) for name in facts}
            return problem(code=code, message=exception.message, path=path, **named)

    return Handler()


def handlers() -> list[Any]:
    """A handler for each kind. A kind outside of the field's union goes to `errors[]`."""
    return [_handler(kind) for kind in _KINDS]


def problems(refusals: Collection[type[errors.DomainError]]) -> list[type[Any]]:
    """The members of a union for these kinds of refusals, in the order of all unions."""
    return [problem for kind, (problem, _, _) in _KINDS.items() if any(issubclass(one, kind) for one in refusals)]
