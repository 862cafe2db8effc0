"""The heartbeat: extends leases from a thread, so that a job that blocks the event loop keeps its lease."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Final

from jobs.driver import Heart
from jobs.job import JobCancelled, Lease, LeaseLost
from jobs.outage import Outage
from jobs.progress import Progress
from models.vocabulary import WorkState

_log = logging.getLogger("patchbay.jobs")
_BEATS_A_LEASE: Final = 3
_STOP_SECONDS: Final = 3.0


class Heartbeat:
    """One worker's heartbeat. Extends leases from `hold` to `let_go`; tells a job that it was lost or cancelled."""

    def __init__(self, owner: str, lease_ms: int, open_heart: Callable[[], Heart]) -> None:
        self._owner = owner
        self._lease_ms = lease_ms
        self._open_heart = open_heart
        self._held: dict[str, tuple[Lease, Progress]] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def hold(self, lease: Lease, progress: Progress) -> None:
        """Extend this lease until `let_go`."""
        self._held[lease.job_id] = (lease, progress)

    def let_go(self, lease: Lease) -> None:
        """Stop extending this lease."""
        self._held.pop(lease.job_id, None)

    def stop(self) -> None:
        """Stop the thread. Blocks until its current beat ends, at most for the time that a process has to end."""
        self._stopped.set()
        self._thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        interval = self._lease_ms / 1000 / _BEATS_A_LEASE
        heart: Heart | None = None
        outage = Outage(_log, "Leases cannot be extended", "Leases are extended again")
        while not self._stopped.wait(interval):
            held = dict(self._held)  # atomic in the interpreter: the event loop may change it meanwhile
            if not held:
                continue
            try:
                heart = heart or self._open_heart()
                alive = heart.beat(self._owner, _attempts(held), self._lease_ms)
                _tell(held, alive)
                outage.end()
            except Exception as error:  # noqa: BLE001  a run loop outlives what goes wrong in it
                outage.meet(error)
        if heart is not None:
            heart.close()


def _attempts(held: Mapping[str, tuple[Lease, Progress]]) -> dict[str, int]:
    return {job_id: lease.attempt for job_id, (lease, _) in held.items()}


def _tell(held: Mapping[str, tuple[Lease, Progress]], alive: Mapping[str, WorkState]) -> None:
    for job_id, (_, progress) in held.items():
        state = alive.get(job_id)
        if state is None:
            progress.end(LeaseLost)
        elif state is not WorkState.RUNNING:
            progress.end(JobCancelled)
