"""From a capability and its inputs to the exact request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from models.errors import Forbidden, NotFound, WrongMethod
from models.tables import Capability, Connection
from models.vocabulary import BodyFormat, CapabilityEffect, HttpMethod, Permission
from proxy.address import build_url
from proxy.auth import Pairs
from proxy.inputs import Bound, CompiledCapability, compile_capability, takes_long
from proxy.inputs.pairs import Pair
from proxy.message import OutboundRequest
from resolvers.acting import ForUser
from resolvers.dispatching.find import CapabilityName, FoundCapability, find_capability
from resolvers.dispatching.uploads import read_uploads
from resolvers.fitness import withheld_at
from resolvers.idempotency import check_key, digest_of_input
from resolvers.outbound.request import Outbound, merged, outbound, route_of
from resolvers.pick import Pick, choose
from resolvers.readiness import Availability, Readiness, availability
from resolvers.work import Work

KEY_HEADER: Final = "Idempotency-Key"


@dataclass(frozen=True, kw_only=True)
class RunCapability(ForUser):
    """A capability to run. `from_text`: the inputs are texts of a query, read by their declared types."""

    capability: str | CapabilityName
    inputs: dict[str, Any] | None = None
    connection_id: str | None = None
    idempotency_key: str | None = None
    from_text: bool = False
    method: HttpMethod | None = None


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A capability found and permitted, its inputs bound, its connection picked; ready or not."""

    found: FoundCapability
    compiled: CompiledCapability
    bound: Bound
    picked: Pick
    ready: Availability
    digest: str

    @property
    def capability(self) -> Capability:
        """The capability to run."""
        return self.found.capability

    @property
    def connection(self) -> Connection | None:
        """The connection with the credential, if there is one."""
        return self.picked.connection


async def candidate(work: Work, run: RunCapability) -> Candidate:
    """Find, permit, bind and pick. Raises NotFound, Forbidden, WrongMethod, InvalidInput."""
    check_key(run.idempotency_key)
    return await judged(work, run, await found_for(work, run.capability))


async def found_for(work: Work, ref: str | CapabilityName) -> FoundCapability:
    """The capability with the rows that decide its call. Raises NotFound."""
    found = await find_capability(work.caller, ref)
    if found is None:
        raise NotFound("capability", path=("capability",))
    return found


async def judged(work: Work, run: RunCapability, found: FoundCapability) -> Candidate:
    """Permit, bind and pick for a capability that was found. Raises as `candidate`."""
    _permit(work, found.capability, run.method)
    compiled = await _compiled(work, found.capability)
    bound = await compiled.bind(
        {} if run.inputs is None else run.inputs,
        work.hub.apart,
        lane=work.organization_id,
        from_text=run.from_text,
        path=("inputs",),
    )
    if bound.shape.files:
        await read_uploads(work, bound, ("inputs",))
    picked = await choose(work, found.integration, found.candidates, named=run.connection_id)
    readiness = Readiness.of(found.integration, found.installation, found.definition, picked)
    ready = availability(readiness, found.capability.required_scopes, endpoint=found.capability.endpoint)
    connection_id = picked.connection.id if picked.connection else None
    parts = [found.capability.id, *bound.identity(), connection_id]
    return Candidate(
        found=found, compiled=compiled, bound=bound, picked=picked, ready=ready, digest=digest_of_input(parts)
    )


async def build(work: Work, chosen: Candidate, key: str | None, *, more: Pairs = ()) -> Outbound:
    """The outbound request, with `more` headers of the hub's own.

    Raises InvalidInput for an input or template that cannot be sent.

    At an address that the secrets were not entered for it lacks them: a plan shows it, and a dispatch is refused.
    """
    bound, capability, integration = chosen.bound, chosen.capability, chosen.found.integration
    withheld = withheld_at(integration, chosen.connection, capability.endpoint) is not None
    route = route_of(work, integration, chosen.connection, withheld=withheld)
    query: tuple[Pair, ...] = (*bound.query, *route.granted.query)
    url = build_url(route.base_url, chosen.compiled.url_parts, bound.path, query, path=("inputs",))
    body = bound.encoded(("inputs",))
    own = [("Content-Type", body.content_type)] if body is not None else []
    if key is not None:
        own.append((KEY_HEADER, key))
    request = OutboundRequest(
        method=capability.method,
        url=url,
        headers=merged(own, bound.headers, more),
        body=body.content if body is not None else None,
        timeout_seconds=capability.timeout_seconds,
        lane=work.organization_id,
        retry_safe=key is not None,
        pooled=True,
    )
    return await outbound(work, route, request, fixed=_type_of_form(bound, request))


def _type_of_form(bound: Bound, request: OutboundRequest) -> Pairs:
    """The Content-Type of a declared form of body: an integration's own header is for its other calls."""
    if bound.shape.format is BodyFormat.JSON:
        return ()
    return tuple(header for header in request.headers if header[0].lower() == "content-type")


def _permit(work: Work, capability: Capability, method: HttpMethod | None) -> None:
    reads = capability.effect is CapabilityEffect.READ
    work.need(Permission.DISPATCH_READ if reads else Permission.DISPATCH_WRITE)
    _require_allowed(work, capability)
    if method is not None and method is not capability.method:
        raise WrongMethod(capability.method)


def _require_allowed(work: Work, capability: Capability) -> None:
    """Raise Forbidden if the caller's token is limited to others, or to an earlier declaration of this one."""
    allowed = work.caller.allowed_capabilities
    if not allowed:
        return
    if capability.id not in allowed:
        raise Forbidden("This token may not run this capability.", path=("capability",))
    if allowed[capability.id] != capability.digest:
        raise Forbidden(
            "This capability was declared anew after this token was limited to it; make a new token.",
            path=("capability",),
        )


async def _compiled(work: Work, capability: Capability) -> CompiledCapability:
    return await work.hub.compiled.get(
        capability.digest,
        lambda: compile_capability(
            method=capability.method,
            effect=capability.effect,
            endpoint=capability.endpoint,
            schema=capability.input_schema,
            timeout_seconds=capability.timeout_seconds,
            body_format=capability.body_format,
            array_format=capability.array_format,
        ),
        lambda: takes_long(capability.input_schema),
    )
