"""Background work on integrations: deletions are finished, credentials verified, abandoned verifications settled."""

from __future__ import annotations

from typing import Final

from jobs.kind import JobContext
from models.errors import InvalidInput, NotReady, UpstreamFailed
from models.vocabulary import Permission
from resolvers.background import Background
from resolvers.caller import Caller
from resolvers.connections.health import Finding
from resolvers.integrations.deletion import (
    FINISH,
    FORGET,
    REMOVE,
    DeletedIntegration,
    finish_deletion,
    forget_connections,
)
from resolvers.integrations.verification import (
    ASK,
    VERIFY,
    Verifying,
    caption_of,
    load_verification,
    record_verification,
    settle_verifications,
)
from resolvers.oauth.revocation import client_of
from resolvers.outbound.probe import ask, facts_of, objection, shortened

_DELETE: Final = frozenset({Permission.INTEGRATIONS_DELETE})
_WRITE: Final = frozenset({Permission.INTEGRATIONS_WRITE})


async def _finish(caller: Caller, context: JobContext) -> None:
    integration = DeletedIntegration(id=context.job.subject_id or "", client=client_of(caller.hub, context.job))
    async with context.progress.task(REMOVE), context.progress.step(*FORGET):
        while await forget_connections(caller, integration):
            pass
    await finish_deletion(caller, integration.id)


async def _verify(caller: Caller, context: JobContext) -> None:
    integration_id = context.job.subject_id or ""
    checked = None
    try:
        checked = await load_verification(caller, integration_id)
        finding = Finding() if checked is None else await _check(caller, context, checked)
    except (InvalidInput, NotReady) as refusal:
        finding = Finding(error=refusal.message)
    if checked is None and finding.error is None:
        finding = Finding(error="Its definition no longer has a verification request.")
    await record_verification(caller, integration_id, checked, finding)


async def _check(caller: Caller, context: JobContext, checked: Verifying) -> Finding:
    """Run the check. Its error is whole here; the task of the job shows the beginning."""
    whole: list[str] = []
    try:
        return await _examine(caller, context, checked, whole)
    except UpstreamFailed as refusal:
        return Finding(error=whole[0] if whole else refusal.message)


async def _examine(caller: Caller, context: JobContext, checked: Verifying, whole: list[str]) -> Finding:
    """Run the check, with progress of each step. Raises UpstreamFailed for a fault; `whole` gets all of its text."""
    check, progress = checked.check, context.progress
    async with progress.task(caption_of(checked.name)):
        async with progress.step(*ASK):
            reply = await ask(caller.hub, check.works)
            error = await objection(caller.hub, reply, check.verification)
            if error is not None:
                whole.append(error)
                raise UpstreamFailed(shortened(error))
        await progress.report(0.5)
        if check.identity is None:
            return Finding()
        async with progress.step("Ask who is connected", "The definition's account request."):
            answer = reply if check.who is None else await ask(caller.hub, check.who)
            finding = Finding(account=await facts_of(caller.hub, check.identity, answer))
        await progress.report(1.0)
        return finding


BACKGROUND: Final = {
    FINISH: Background(run=_finish, permissions=_DELETE),
    VERIFY: Background(run=_verify, permissions=_WRITE),
    "integration.settle_verifications": Background(
        run=lambda caller, _: settle_verifications(caller), recurs="Settle abandoned verifications"
    ),
}
