"""Outbound requests: add an integration's address, headers and authorisation; show the request masked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from models.errors import Path
from models.tables import Connection, Integration, Organization, Principal
from proxy.auth import Authorisation, Pairs, authorise
from proxy.headers import expand, folded, header_secrets
from proxy.inputs.coerce import to_text
from proxy.message import OutboundRequest
from proxy.redact import mask_headers, mask_url
from resolvers.credentials.held import HeldToken, held_token
from resolvers.fitness import HeaderFate, Withheld, changed, header_fate, withheld
from resolvers.secret import credential_of
from resolvers.work import Work

_LONGEST_URL: Final = 2048
#: Facts for templates that everybody may read, also in an app of another organization.
PUBLIC_FACTS: Final = frozenset({"tenant.id", "tenant.name", "tenant.slug"})


@dataclass(frozen=True, kw_only=True)
class Header:
    """A header added to every call; its value may hold `${user.*}` and `${tenant.*}`."""

    name: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Route:
    """The way to an integration's API with a connection: base address, unsealed secret and its authorisation.

    `held` is the OAuth token of the call; None for any other credential. `withheld`: neither the credential nor the
    integration's headers are added, so the request serves for showing only. `credential`: an id for the credentials
    of connection and integration together.
    """

    integration: Integration
    connection: Connection | None = None
    withheld: bool = False
    base_url: str | None
    credential: str
    stored: Mapping[str, Any] = field(default_factory=dict, repr=False)
    granted: Authorisation = field(default_factory=Authorisation, repr=False)
    held: HeldToken | None = None


@dataclass(frozen=True, kw_only=True)
class Outbound:
    """A request that is ready to be sent. `held`: the token that `call_with_token` keeps fresh.

    `secrets` are masked in every text about the request, the named headers and query parameters in its shown form.
    """

    request: OutboundRequest
    held: HeldToken | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)
    secret_headers: tuple[str, ...] = ()
    secret_query: tuple[str, ...] = ()

    def recorded_url(self) -> str:
        """The address for the record: no value of its query, at most 2048 characters."""
        return mask_url(self.request.url)[:_LONGEST_URL]

    def shown_url(self) -> str:
        """The address for a plan: only the credential is masked."""
        return mask_url(self.request.url, self.secret_query)

    def shown_headers(self) -> Pairs:
        """The headers for a plan: the credential and the configured headers are masked."""
        return mask_headers(self.request.headers, self.secret_headers)


def route_of(work: Work, integration: Integration, connection: Connection | None, *, withheld: bool = False) -> Route:
    """The route with this connection, or without a credential. Raises SecretUnreadable."""
    base_url = (connection.base_url if connection is not None else None) or integration.api_base_url
    if connection is None or withheld:
        return Route(
            integration=integration,
            connection=connection,
            base_url=base_url,
            withheld=withheld,
            credential=integration.id,
        )
    stored = work.unseal(connection, "secret")
    credential = credential_of(connection.auth_type, stored)
    return Route(
        integration=integration,
        connection=connection,
        base_url=base_url,
        credential=f"{integration.id}/{connection.id}/{connection.secret_version}",
        stored=stored,
        granted=authorise(credential, integration.api_key_location, integration.api_key_name),
        held=_caused(work, held_token(connection, integration, stored, work.now())),
    )


def _caused(work: Work, held: HeldToken | None) -> HeldToken | None:
    """The token with the step of a run that makes the call, if it is of the same organization."""
    cause = work.caller.cause
    if held is None or cause is None or held.organization_id != work.organization_id:
        return held
    return replace(held, cause=cause)


async def outbound(
    work: Work, route: Route, request: OutboundRequest, *, fixed: Pairs = (), at: Path = ()
) -> Outbound:
    """The request with the integration's headers and the authorisation; its url has the authorisation's query.

    Of two headers of one name the later wins: the request's own, the configured, the `fixed`, the credential's.
    Raises NotReady if its address is none that these were entered for; InvalidInput for a template that cannot be
    filled, at the integration's headers; `at` is its own place.
    """
    kept = None if route.withheld else withheld(route.integration, route.connection, request.url)
    if kept is not None:
        raise changed(request.url, kept)
    templates, granted = _configured_headers(work, route, request.url), route.granted
    configured = await _filled(work, route, templates, at)
    return Outbound(
        request=replace(
            request,
            headers=merged(request.headers, configured, fixed, granted.headers),
            credential=_credential(route, configured),
        ),
        held=route.held,
        secrets=(*granted.secrets, *header_secrets(templates)),
        secret_headers=tuple(name for name, _ in (*granted.headers, *configured)),
        secret_query=tuple(name for name, _ in granted.query),
    )


def merged(*groups: Iterable[tuple[str, str]]) -> Pairs:
    """All headers, one of each name as servers fold it: later groups win."""
    kept: dict[str, tuple[str, str]] = {}
    for group in groups:
        kept |= {folded(name): (name, value) for name, value in group}
    return tuple(kept.values())


def _credential(route: Route, configured: Pairs) -> str:
    """An id for the credentials of the request together. A header's template can make its value one user's own."""
    if not configured:
        return route.credential
    return f"{route.credential}/{hashlib.sha256(orjson.dumps(configured)).hexdigest()}"


def _configured_headers(work: Work, route: Route, target: str) -> Pairs:
    """The integration's headers that go to this address, as they are stored."""
    if route.integration.headers is not None and route.integration.headers_origins is None and not route.withheld:
        raise changed(target, Withheld.HEADERS)  # stored by a process of an older version
    sent = header_fate(route.integration, route.connection, target) is HeaderFate.SENT and not route.withheld
    pairs = (work.unseal(route.integration, "headers") if sent else None) or []
    return tuple((pair["name"], pair["value"]) for pair in pairs)


async def _filled(work: Work, route: Route, templates: Pairs, at: Path) -> Pairs:
    facts = await _facts(work) if any("${" in value for _, value in templates) else {}
    if route.integration.organization_id != work.organization_id:  # its author is a stranger here
        facts = {name: value for name, value in facts.items() if name in PUBLIC_FACTS}
    return tuple((name, expand(value, facts, path=(*at, "headers", name))) for name, value in templates)


async def _facts(work: Work) -> dict[str, str]:
    """The values of `${user.*}` and `${tenant.*}`. A caller without a user has no `user.*`."""
    organization = await work.get(Organization, work.organization_id)
    facts = {f"tenant.{key}": to_text(value) for key, value in organization.custom_fields.items()}
    facts |= {"tenant.id": organization.id, "tenant.name": organization.name, "tenant.slug": organization.slug}
    if work.caller.principal_id is None:
        return facts
    user = await work.get(Principal, work.caller.principal_id)
    facts |= {f"user.{key}": to_text(value) for key, value in user.custom_fields.items()}
    facts |= {"user.id": user.id, "user.username": user.username, "user.displayName": user.display_name}
    return facts | ({"user.email": user.email} if user.email else {})
