"""Pure functions of runs, steps of runs and errors of records."""

from __future__ import annotations

from typing import Any

from sqlmodel import SQLModel

from models.secret_column import secret_place
from models.tables import RunError, RunStep
from proxy.inputs.exact import read_json
from resolvers.caller import Caller


def record_of(error: RunError, caller: Caller) -> Any:
    """The record that failed, secrets masked; None if it is not kept any more. Raises SecretUnreadable."""
    kept = _opened(error, "record", caller)
    return None if kept is None else kept["shown"]


def samples_of(step: RunStep, caller: Caller) -> list[Any]:
    """The first records of a step with what was sent and answered, secrets masked. Raises SecretUnreadable."""
    return list(_opened(step, "samples", caller) or ())


def _opened(row: SQLModel, column: str, caller: Caller) -> Any:
    envelope = getattr(row, column)
    return None if envelope is None else read_json(caller.hub.keyring.open(envelope, secret_place(row, column)))
