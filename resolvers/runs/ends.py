"""Ways out of a run's work: it has ended, or it waits for something outside of it."""

from __future__ import annotations

from models.vocabulary import RunReason, WorkState


class RunEnded(Exception):
    """The run ends in this state, for this reason. `message`: a sentence for people, None for a success."""

    def __init__(self, state: WorkState, reason: RunReason | None = None, message: str | None = None) -> None:
        super().__init__(message or state)
        self.state, self.reason, self.message = state, reason, message


class RunSuspended(Exception):
    """The run cannot go on now, and tries again by itself, after `after_ms` if the other side named a time."""

    def __init__(self, reason: RunReason, message: str, *, after_ms: int | None = None) -> None:
        super().__init__(message)
        self.reason, self.message, self.after_ms = reason, message, after_ms


def failed(reason: RunReason, message: str) -> RunEnded:
    """The end of a run that cannot be carried out."""
    return RunEnded(WorkState.FAILED, reason, message)
