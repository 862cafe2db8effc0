"""Removals: what every deletion answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from schema.kit import errors

if TYPE_CHECKING:
    from schema.job import Job


@strawberry.type(description="The result of a removal.")
class DeletePayload:
    """What is gone."""

    deleted_id: strawberry.ID = strawberry.field(description="Global id of what is gone.")
    job: Annotated[Job, strawberry.lazy("schema.job")] | None = strawberry.field(
        default=None,
        description="The job that finishes the work (revoking at the vendor, cascading), when there is any.",
    )


DeleteResult = Annotated[
    DeletePayload | errors.NotFound | errors.Forbidden | errors.Conflict | errors.Stale | errors.NotReady,
    strawberry.union("DeleteResult", description="Gone, or why not."),
]
