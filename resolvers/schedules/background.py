"""Work on schedules that runs by itself."""

from __future__ import annotations

from typing import Final

from resolvers.background import Background
from resolvers.schedules.firing import run_schedules

BACKGROUND: Final = {
    "flow.schedule": Background(run=run_schedules, recurs="Start flows that are due"),
}
