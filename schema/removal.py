"""Removals: what every deletion answers."""

from __future__ import annotations

from typing import Annotated

import strawberry

from schema import errors


@strawberry.type(description="The result of a removal.")
class DeletePayload:
    """What is gone."""

    deleted_id: strawberry.ID = strawberry.field(description="Global id of what is gone.")


DeleteResult = Annotated[
    DeletePayload | errors.NotFound | errors.Forbidden | errors.Conflict | errors.Stale | errors.NotReady,
    strawberry.union("DeleteResult", description="Gone, or why not."),
]
