"""How to call what shows schedules."""

from __future__ import annotations

from models.vocabulary import Permission
from tests.harness.matrix import Call, Foreign
from tests.harness.roles import Right

CALLS: dict[str, Call] = {
    "preview_schedule": Call(given=lambda _: ("* * * * *", "UTC", 1), foreign=Foreign.OWN),
}

ROOTS: dict[str, Call] = {
    "previewSchedule": Call(
        given=lambda _: {"cron": "* * * * *"}, foreign=Foreign.OWN, lacks=Permission.FLOWS_READ, right=Right.ANYONE
    ),
}
