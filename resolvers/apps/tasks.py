"""Tasks of an app: work that it hands to its later self, told to it as an event when it is due."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from jobs.job import NewJob
from jobs.kind import JobContext
from models.errors import Conflict, Forbidden, InvalidInput, NotFound, Oversized, TooMany
from models.tables import Gate, Installation, Integration, Job, Publication
from models.vocabulary import HubEvent, Permission
from resolvers.announcing import own_work
from resolvers.caller import Caller
from resolvers.emission.body import serialised
from resolvers.faults import Faults
from resolvers.find import IntegrationRef, get_integration
from resolvers.managing import require_own_app
from resolvers.operation import operation
from resolvers.tasks import TASK, count_tasks
from resolvers.work import Work

MOST_DELAY_SECONDS: Final = 86_400
LARGEST_TASK: Final = 64 * 1024
#: Waiting tasks of one app, over all its installations.
MOST_WAITING: Final = 10_000
_TRIES: Final = 1_000_000


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


@dataclass(frozen=True, kw_only=True)
class DueTask:
    """A task as its job has it."""

    integration_id: str
    installation_id: str | None
    task: dict[str, Any]


@operation(refuses=(NotFound, InvalidInput, Forbidden, Conflict, TooMany))
async def queue_task(work: Work, new: QueueTask) -> Job:
    """Queue a task of an app: it is told to the app as `Hub.task.due` when it is due, by the database's clock.

    The app's own token queues for every installation, an installation's token for its own one; every other caller
    needs INTEGRATIONS_PUBLISH in the app's organization. Tasks of one app are told in the order in which they are
    due. Uninstalling or withdrawing the app drops them. At most 10,000 wait.
    """
    work.caller.need_unlimited()
    delay_ms = _checked(new)
    integration = await _app(work, new.app)
    installation = await _installation(work, integration, new.installation_id)
    owner = own_work(work, integration.organization_id)
    await _hold_publication(owner, integration)
    await _make_gate(owner, integration)
    if await count_tasks(owner, integration.id, MOST_WAITING) >= MOST_WAITING:
        raise TooMany(f"{MOST_WAITING:,} tasks of this app wait already; queue more when some are done.")
    return await work.enqueue(
        NewJob(
            operation=TASK,
            caption=f"Tell {integration.name} of a task"[:255],
            organization_id=integration.organization_id,
            payload={"installation": installation.id if installation else None, "task": new.task},
            subject_kind="Installation" if installation else "Integration",
            subject_id=installation.id if installation else integration.id,
            integration_id=integration.id,
            created_by=work.caller.principal_id if owner is work else None,
            gate=integration.id,
            delay_ms=delay_ms,
            max_attempts=_TRIES,
        )
    )


async def run_task(caller: Caller, context: JobContext) -> None:
    """The job: tell the app of its task."""
    payload = context.job.payload
    due = DueTask(integration_id=context.job.gate, installation_id=payload["installation"], task=payload["task"])
    await tell_task(caller, due)


@operation(needs=Permission.INTEGRATIONS_PUBLISH)
async def tell_task(work: Work, due: DueTask) -> None:
    """Announce a task that is due, in the transaction that ends its job: once, whatever dies.

    Nothing is told if the app is not published any more, or the installation is gone.
    """
    owned = select(Integration).join(Publication, col(Publication.integration_id) == col(Integration.id))
    mine = (col(Integration.id) == due.integration_id, col(Integration.organization_id) == work.organization_id)
    integration = await work.first(owned.where(*mine, col(Integration.removed_at).is_(None)))
    place = await _living(work, due)
    await work.finish_job()
    if integration is None or (due.installation_id is not None and place is None):
        return
    elsewhere = place is not None and place != work.organization_id
    work.announce(
        HubEvent.TASK_DUE,
        due.installation_id or integration.handler,
        {"integrationId": integration.id, "installationId": due.installation_id, "task": due.task},
        integration_id=integration.id,
        installation_id=due.installation_id,
        app_visible=True,
        for_organization=place if elsewhere else None,
    )


def _checked(new: QueueTask) -> int:
    """The delay in milliseconds. Raises InvalidInput and Oversized."""
    faults, seconds = Faults(), new.delay_seconds
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool) and math.isfinite(seconds)
    within = is_number and 0 <= seconds <= MOST_DELAY_SECONDS
    faults.check(within, "delay_seconds", f"It must be a number from 0 to {MOST_DELAY_SECONDS:,}, in seconds.")
    faults.check(isinstance(new.task, dict), "task", "It must be a JSON object.")
    faults.refuse()
    if (size := len(serialised(new.task))) > LARGEST_TASK:
        raise Oversized.of(("task",), size, LARGEST_TASK)
    return round(seconds * 1000)


async def _app(work: Work, ref: IntegrationRef) -> Integration:
    """The app, if the caller may queue tasks of it."""
    integration = await get_integration(work, ref, path=("app",))
    require_own_app(work, integration, path=("app",))
    caller = work.caller
    own = caller.integration_id == integration.id or caller.installation_id is not None
    if not own:
        work.need(Permission.INTEGRATIONS_PUBLISH)
        if integration.organization_id != work.organization_id:
            raise Forbidden("Only the organization that owns the app queues tasks of it.", path=("app",))
    return integration


async def _installation(work: Work, integration: Integration, named: str | None) -> Installation | None:
    """The installation of a task: the named one, or that of the caller's token. Raises NotFound."""
    bound = work.caller.installation_id
    if named is None and bound is None:
        return None
    found = await work.find(Installation, named or bound or "")
    if found is None or found.integration_id != integration.id or bound not in (None, found.id):
        raise NotFound("installation", path=("app",) if named is None else ("installation_id",))
    return found


async def _hold_publication(work: Work, integration: Integration) -> None:
    """Keep the app published until the task is committed. Raises Conflict if it is not."""
    published = select(Publication).where(col(Publication.integration_id) == integration.id)
    if await work.first(published.with_for_update(key_share=True)) is None:
        raise Conflict("The integration is not published, so it has no tasks; publish it first.", path=("app",))


async def _make_gate(work: Work, integration: Integration) -> None:
    """The gate of the app's tasks lets one start at a time."""
    insert: Any = (sqlite if work.hub.database.is_sqlite else postgresql).insert(Gate)
    row = {"id": integration.id, "organization_id": integration.organization_id, "opens_at": 0, "capacity": 1}
    rest = {"interval_ms": 0, "burst": 1, "next_start_at": 0, "widens_at": 0}
    await work.session.execute(insert.values(**row, **rest).on_conflict_do_nothing())


async def _living(work: Work, due: DueTask) -> str | None:
    """The organization of the task's installation; None if that is gone or there is none."""
    if due.installation_id is None:
        return None
    here = select(col(Installation.organization_id)).where(
        col(Installation.id) == due.installation_id, col(Installation.integration_id) == due.integration_id
    )
    found: str | None = (await work.session.execute(here)).scalar()
    return found
