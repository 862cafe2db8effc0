"""Work of apps that runs by itself: tasks that are due, and the ends of development modes."""

from __future__ import annotations

from typing import Final

from models.vocabulary import Permission
from resolvers.apps.ending import (
    HAND_OVER,
    DeadTunnel,
    end_dead_development,
    end_old_developments,
    run_hand_over,
)
from resolvers.apps.tasks import run_task
from resolvers.background import Background
from resolvers.tasks import TASK
from resolvers.webhooks.of_apps import END_DEVELOPMENT

_CHANGES: Final = frozenset({Permission.INTEGRATIONS_PUBLISH})

BACKGROUND: Final = {
    TASK: Background(run=run_task, permissions=_CHANGES, keep_when_done=False),
    HAND_OVER: Background(run=run_hand_over, permissions=_CHANGES, keep_when_done=False),
    END_DEVELOPMENT: Background(
        run=lambda caller, context: end_dead_development(caller, DeadTunnel(**context.job.payload)),
        permissions=_CHANGES,
        keep_when_done=False,
    ),
    "app.end_old_developments": Background(
        run=lambda caller, _: end_old_developments(caller), recurs="End development modes after a day"
    ),
}
