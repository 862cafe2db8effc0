"""Runs as jobs."""

from __future__ import annotations

from typing import Final

from jobs.queues import FLOWS
from resolvers.background import Background
from resolvers.emission.runs import RUN_FLOW
from resolvers.runs.working import run_flow

BACKGROUND: Final = {
    RUN_FLOW: Background(run=run_flow, queue=FLOWS, keep_when_done=False),
}
