"""Tasks of an app: work that it hands to its later self, told to it as an event when it is due."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from models.errors import Forbidden, InvalidInput, NotFound, TooMany
from models.tables import Job
from resolvers.find import IntegrationRef
from resolvers.operation import operation
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class QueueTask:
    """A task of an app, due in `delay_seconds`: 0 to 86,400, fractions to the millisecond.

    `task`: a JSON object of at most 64 kB; it is kept as it is, so it is no place for secrets. `installation_id`: an
    installation of the app, in any organization.
    """

    app: IntegrationRef
    task: dict[str, Any]
    delay_seconds: float = 0
    installation_id: str | None = None


@operation(refuses=(NotFound, InvalidInput, Forbidden, TooMany))
async def queue_task(work: Work, new: QueueTask) -> Job:
    """Queue a task of an app."""
    raise NotImplementedError
