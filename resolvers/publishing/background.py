"""Background work on publications: a withdrawn app is uninstalled from many organizations."""

from __future__ import annotations

from typing import Final

from jobs.kind import JobContext
from models.vocabulary import Permission
from resolvers.background import Background
from resolvers.caller import Caller
from resolvers.publishing.withdraw import WITHDRAW, Withdrawn, finish_withdrawal, uninstall_withdrawn


async def _withdraw(caller: Caller, context: JobContext) -> None:
    withdrawn = Withdrawn(**context.job.payload)
    async with context.progress.task("Uninstall it"):
        while await uninstall_withdrawn(caller, withdrawn):
            pass
    await finish_withdrawal(caller, withdrawn)


BACKGROUND: Final = {WITHDRAW: Background(run=_withdraw, permissions=frozenset({Permission.INTEGRATIONS_PUBLISH}))}
