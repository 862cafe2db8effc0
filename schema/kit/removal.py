"""Deletions: the result of each, and its field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from models.errors import NotReady
from schema.kit.context import Info
from schema.kit.ids import global_id, row_id
from schema.kit.mutation import AnyOperation, act, answering
from schema.kit.result import Result

if TYPE_CHECKING:
    from schema.job import Job


@strawberry.type(description="The result of a removal.")
class DeletePayload:
    """The id of the removed row, and the job that finishes its removal."""

    deleted_id: strawberry.ID = strawberry.field(description="Global id of what is gone.")
    job: Annotated[Job, strawberry.lazy("schema.job")] | None = strawberry.field(
        default=None,
        description="The job that finishes the work (revoking at the vendor, cascading), when there is any.",
    )


DeleteResult = Result("DeleteResult", DeletePayload, "Gone, or why not.", besides=(NotReady,))


def deletion(operation: AnyOperation, noun: type, description: str) -> Any:
    """An operation that removes the row with the given id and returns the id."""

    async def resolve(root: Any, info: Info, id: strawberry.ID) -> Any:
        gone = await act(info, operation, row_id(id))
        return DeletePayload(deleted_id=strawberry.ID(global_id(noun.__name__, gone)))

    return answering(operation, DeleteResult, resolve, description)
