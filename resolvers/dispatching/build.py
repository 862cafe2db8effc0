"""From a capability and its inputs to the exact request, and to what may be shown of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import orjson

from models.errors import Forbidden, NotFound, WrongMethod
from models.tables import Capability, Connection, Integration, Organization, Principal
from models.vocabulary import CapabilityEffect, HttpMethod, Permission
from proxy.address import build_url
from proxy.auth import Authorisation, authorise
from proxy.headers import expand
from proxy.inputs import Bound, CompiledCapability, compile_capability
from proxy.redact import mask_headers, mask_url
from resolvers.credentials.held import HeldToken, held_token
from resolvers.dispatching.find import CapabilityName, FoundCapability, find_capability
from resolvers.idempotency import check_key, digest_of_input
from resolvers.pick import Pick, pick
from resolvers.readiness import Availability, availability
from resolvers.secrets import credential_of
from resolvers.work import Work, secret_place

KEY_HEADER: Final = "Idempotency-Key"


@dataclass(frozen=True, kw_only=True)
class RunCapability:
    """A capability to run. `from_text`: the inputs are texts of a query, read by their declared types."""

    capability: str | CapabilityName
    inputs: dict[str, Any] | None = None
    connection_id: str | None = None
    idempotency_key: str | None = None
    from_text: bool = False
    method: HttpMethod | None = None


@dataclass(frozen=True, kw_only=True)
class Outbound:
    """The request as it would be sent, and as it may be shown."""

    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    shown_url: str
    recorded_url: str
    shown_headers: tuple[tuple[str, str], ...]
    shown_body: Any
    secrets: tuple[str, ...]
    #: The token that goes along, where it is one of OAuth: `call_with_token` keeps it fresh.
    held: HeldToken | None = None


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
        """What would run."""
        return self.found.capability

    @property
    def connection(self) -> Connection | None:
        """With whose credential."""
        return self.picked.connection


async def candidate(work: Work, run: RunCapability) -> Candidate:
    """Raises NotFound, Forbidden, WrongMethod, InvalidInput."""
    check_key(run.idempotency_key)
    found = await find_capability(work.caller, run.capability)
    if found is None:
        raise NotFound("capability", path=("input", "capability"))
    _permit(work, found.capability, run.method)
    compiled = _compiled(work, found.capability)
    bound = compiled.bind({} if run.inputs is None else run.inputs, from_text=run.from_text, path=("input", "inputs"))
    picked = pick(work.caller, found.integration, found.candidates, named=run.connection_id)
    ready = availability(found.capability, found.integration, found.installation, found.definition, picked)
    connection_id = picked.connection.id if picked.connection else None
    parts = [found.capability.id, bound.path, bound.query, bound.headers, bound.body, connection_id]
    return Candidate(
        found=found, compiled=compiled, bound=bound, picked=picked, ready=ready, digest=digest_of_input(parts)
    )


async def build(work: Work, chosen: Candidate, key: str | None) -> Outbound:
    """The outbound request. Raises InvalidInput for an input or template that cannot be sent."""
    integration, connection, bound = chosen.found.integration, chosen.connection, chosen.bound
    granted, held = authorisation(work, integration, connection)
    base_url = (connection.base_url if connection else None) or integration.api_base_url
    url = build_url(
        base_url, chosen.compiled.url_parts, bound.path, (*bound.query, *granted.query), path=("input", "inputs")
    )
    configured = await configured_headers(work, integration)
    body = bound.body_bytes()
    own = [("Content-Type", "application/json")] if body is not None else []
    if key is not None:
        own.append((KEY_HEADER, key))
    headers = merged(own, bound.headers, configured, granted.headers)
    secret_names = [name for name, _ in (*granted.headers, *configured)]
    return Outbound(
        url=url,
        headers=headers,
        body=body,
        shown_url=mask_url(url, [name for name, _ in granted.query]),
        recorded_url=mask_url(url)[:2048],
        shown_headers=mask_headers(headers, secret_names),
        shown_body=bound.body,
        secrets=granted.secrets,
        held=held,
    )


async def configured_headers(work: Work, integration: Integration) -> tuple[tuple[str, str], ...]:
    """The headers that an integration adds to every call, templates expanded. Raises InvalidInput."""
    pairs = work.unseal(integration, "headers") or []
    if any("${" in pair["value"] for pair in pairs):
        facts = await _facts(work)
    else:
        facts = {}
    return tuple((pair["name"], expand(pair["value"], facts, path=("headers", pair["name"]))) for pair in pairs)


def merged(*groups: Any) -> tuple[tuple[str, str], ...]:
    """Later groups win over earlier ones of the same name: a credential over anything that was configured."""
    kept: dict[str, tuple[str, str]] = {}
    for group in groups:
        kept |= {name.lower(): (name, value) for name, value in group}
    return tuple(kept.values())


def authorisation(
    work: Work, integration: Integration, connection: Connection | None
) -> tuple[Authorisation, HeldToken | None]:
    """What a connection adds to a request, and the token among it that has to be kept fresh."""
    if connection is None:
        return Authorisation(), None
    stored = orjson.loads(work.hub.keyring.open(connection.secret, secret_place(connection, "secret")))
    credential = credential_of(connection.auth_type, stored)
    granted = authorise(credential, integration.api_key_location, integration.api_key_name)
    return granted, held_token(connection, integration, stored, work.now())


def _permit(work: Work, capability: Capability, method: HttpMethod | None) -> None:
    reads = capability.effect is CapabilityEffect.READ
    work.need(Permission.DISPATCH_READ if reads else Permission.DISPATCH_WRITE)
    allowed = work.caller.allowed_capabilities
    if allowed and capability.id not in allowed:
        raise Forbidden("This token may not run this capability.", path=("input", "capability"))
    if method is not None and method is not capability.method:
        raise WrongMethod(capability.method)


def _compiled(work: Work, capability: Capability) -> CompiledCapability:
    return work.hub.compiled.get(
        capability.digest,
        lambda: compile_capability(
            method=capability.method,
            effect=capability.effect,
            endpoint=capability.endpoint,
            schema=capability.input_schema,
            timeout_seconds=capability.timeout_seconds,
        ),
    )


async def _facts(work: Work) -> dict[str, str]:
    """What `${user.*}` and `${tenant.*}` stand for. A caller that is no user has no `user.*`."""
    organization = await work.get(Organization, work.organization_id)
    facts = {f"tenant.{key}": _text(value) for key, value in organization.custom_fields.items()}
    facts |= {"tenant.id": organization.id, "tenant.name": organization.name, "tenant.slug": organization.slug}
    if work.caller.principal_id is None:
        return facts
    user = await work.get(Principal, work.caller.principal_id)
    facts |= {f"user.{key}": _text(value) for key, value in user.custom_fields.items()}
    facts |= {"user.id": user.id, "user.username": user.username, "user.displayName": user.display_name}
    return facts | ({"user.email": user.email} if user.email else {})


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
