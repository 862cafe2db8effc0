"""Calls of runs: a step's capability as it was declared, or its own request, with the permissions of the flow."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import parse_qsl, quote

from models.errors import Conflict, DomainError, Forbidden, InvalidInput, NotFound, NotReady, TooMany, UpstreamFailed
from models.origins import origin_of
from models.tables import Capability, Dispatch
from models.vocabulary import Permission
from proxy.auth import Pairs
from resolvers.dispatching.attempt import Ready, attempt
from resolvers.dispatching.build import RunCapability, build, found_for, judged
from resolvers.dispatching.failure import DispatchFailure, failure_of
from resolvers.dispatching.find import FoundCapability
from resolvers.dispatching.prepare import StepCause, prepare
from resolvers.dispatching.proxy_request import load_request
from resolvers.dispatching.proxying import ProxyRequest
from resolvers.dispatching.response import Response
from resolvers.dispatching.send import Sent, row_of
from resolvers.flows.content_step import Declaration, members_of
from resolvers.operation import READS, exchange
from resolvers.outbound.request import Outbound
from resolvers.readiness import not_ready
from resolvers.work import Work

_OPERATION: Final = "runFlow"
#: Everything that an address may hold (RFC 3986 §2), and existing escapes.
_ESCAPED: Final = "%:/?#[]@!$&'()*+,;=-._~"


@dataclass(frozen=True, kw_only=True)
class StepCall:
    """A call of a run's step: the capability as the run's content declares it, or a request.

    `url`: the absolute address of a further page, in place of the built one; it must be of the same origin. `headers`
    are the hub's own. The key of the `cause` is the request's.
    """

    cause: StepCause
    capability: Declaration | None = None
    inputs: dict[str, Any] = field(default_factory=dict)
    connection_id: str | None = None
    request: ProxyRequest | None = None
    url: str | None = None
    headers: Pairs = ()


@dataclass(frozen=True, kw_only=True)
class StepAnswer:
    """The record of the call, and its answer if there was one. `secrets`: those that went along.

    `url`: the address of the request. `refusal`: the hub itself had no room for the call.
    """

    dispatch: Dispatch
    response: Response | None
    failure: DispatchFailure | None
    url: str
    refusal: DomainError | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)


async def load_step(work: Work, call: StepCall) -> Ready:
    """Find, permit, validate, pick and build. Nothing is sent. Raises NotReady without a link."""
    ready = await (_load_request(work, call) if call.request is not None else _load_capability(work, call))
    if call.url is None:
        return ready
    outbound = continued(ready.prepared.outbound, call.url)
    intent = replace(ready.prepared.intent, url=outbound.recorded_url())
    return replace(ready, prepared=replace(ready.prepared, intent=intent, outbound=outbound))


@exchange(
    load_step,
    attempt,
    loads=READS,
    records=READS,
    needs=(Permission.DISPATCH_READ, Permission.DISPATCH_WRITE, Permission.PROXY_REQUEST),
    refuses=(NotFound, Conflict, InvalidInput, Forbidden, NotReady, TooMany, UpstreamFailed),
)
async def dispatch_step(work: Work, ready: Ready, sent: Sent | DomainError) -> StepAnswer:
    """Make a call of a run's step. A failure of the remote service is an outcome, not a refusal."""
    if isinstance(sent, DomainError):
        raise sent
    row, outbound = row_of(ready.prepared.intent, sent.outcome), ready.prepared.outbound
    return StepAnswer(
        dispatch=row,
        response=sent.response,
        failure=failure_of(row, sent.kind, sent.refusal),
        url=outbound.request.url,
        refusal=sent.refusal,
        secrets=(*outbound.secrets, *sent.renewed),
    )


def continued(outbound: Outbound, url: str) -> Outbound:
    """The request at the address of a further page, with the credential's query parameters put in again.

    Raises InvalidInput if that address is of another origin: the credential was not entered for it.
    """
    built = outbound.request.url
    if origin_of(url) is None or origin_of(url) != origin_of(built):
        message = f"The next page is at another server than {origin_of(built)}; no request is sent there."
        raise InvalidInput.at(("url",), message)
    address, _, query = url.partition("#")[0].partition("?")
    secret = [pair for pair in _pairs(built) if pair[0] in outbound.secret_query]
    kept = [part for part in query.split("&") if part and _name(part) not in outbound.secret_query]
    whole = [*kept, *(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in secret)]
    target = f"{address}?{'&'.join(whole)}" if whole else address
    return replace(outbound, request=replace(outbound.request, url=quote(target, safe=_ESCAPED)))


async def _load_capability(work: Work, call: StepCall) -> Ready:
    if call.capability is None:
        raise NotFound("capability", path=("capability",))
    run = RunCapability(capability=call.capability.id, inputs=call.inputs, connection_id=call.connection_id)
    found = declared(await found_for(work, call.capability.id), call.capability)
    chosen = await judged(work, run, found)
    if not chosen.ready.available:
        raise not_ready(chosen.ready)
    return prepare(
        work,
        await build(work, chosen, call.cause.record_key, more=call.headers),
        chosen.picked,
        operation=_OPERATION,
        key=None,
        digest=chosen.digest,
        integration=found.integration,
        installation=found.installation,
        capability=found.capability,
        cause=call.cause,
    )


async def _load_request(work: Work, call: StepCall) -> Ready:
    work.need(Permission.PROXY_REQUEST)
    if call.request is None:
        raise NotFound("request", path=("request",))
    asked = replace(call.request, connection_id=call.connection_id, idempotency_key=call.cause.record_key)
    ready = await load_request(work, asked, call.cause)
    outbound, headers = ready.prepared.outbound, (*call.headers,)
    request = replace(outbound.request, headers=(*outbound.request.headers, *headers))
    return replace(ready, prepared=replace(ready.prepared, outbound=replace(outbound, request=request)))


def declared(found: FoundCapability, content: Declaration) -> FoundCapability:
    """What was found, with the capability as the content declares it, if it is declared otherwise now."""
    row = found.capability
    if row.digest == content.digest:
        return found
    facts = {name: getattr(row, name) for name in Capability.model_fields} | members_of(content)
    return replace(found, capability=Capability(**facts))


def _pairs(url: str) -> list[tuple[str, str]]:
    return parse_qsl(url.partition("?")[2], keep_blank_values=True)


def _name(part: str) -> str:
    pairs = parse_qsl(part, keep_blank_values=True)
    return pairs[0][0] if pairs else part
