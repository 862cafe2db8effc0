"""Work on installations that runs by itself: enabling on all places, and rechecks after a new publication."""

from __future__ import annotations

from typing import Final

from models.vocabulary import Permission
from resolvers.background import Background
from resolvers.installations.enabling import ENABLE, run_enabling
from resolvers.installations.rechecking import RECHECK, run_recheck

BACKGROUND: Final = {
    ENABLE: Background(
        run=run_enabling, permissions=frozenset({Permission.INSTALLATIONS_WRITE}), keep_when_done=False
    ),
    RECHECK: Background(
        run=run_recheck, permissions=frozenset({Permission.INTEGRATIONS_PUBLISH}), keep_when_done=False
    ),
}
