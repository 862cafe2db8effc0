"""Probes: small requests of a definition, sent with a connection's credential, and the reading of their answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from models.errors import NotFound, NotReady, UpstreamFailed
from models.tables import Connection, Integration
from models.vocabulary import UpstreamFailure
from proxy.address import build_url, parse_endpoint
from proxy.call import Body, Failure, JsonBody, read_body
from proxy.expressions import ExpressionRefused, is_truthy
from proxy.message import OutboundRequest
from proxy.redact import redact
from proxy.shown import shown
from resolvers.definitions.definition import VendorDefinition
from resolvers.definitions.parts import Account, Expect, Request, Verification
from resolvers.definitions.values import as_text, fill_address
from resolvers.hub import Hub
from resolvers.oauth.call import call_with_token
from resolvers.outbound.request import Outbound, outbound, route_of
from resolvers.work import Work

_MOST_BYTES: Final = 256 * 1024
_SECONDS: Final = 20.0
_LONGEST_FACT: Final = 255
_LONGEST_ERROR: Final = 400
#: The facts of an account as expressions on OpenID Connect's claims (Core 1.0, section 5.1).
USERINFO: Final = {"accountId": "sub", "email": "email", "displayName": "name || preferred_username"}
_REFUSED: Final = frozenset({401, 403})


@dataclass(frozen=True, kw_only=True)
class Reply:
    """The answer to a probe: its status and, if it was JSON, its value; or the failure, if there was no answer.

    `secrets` are masked in every text of the answer. `lane`: the one in which expressions are evaluated on it.
    """

    status: int | None = None
    value: Any = None
    failure: str | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)
    lane: str = ""

    @property
    def refused(self) -> bool:
        """Whether the remote service refuses the credential itself."""
        return self.status in _REFUSED


@dataclass(frozen=True, kw_only=True)
class Identity:
    """How to learn the connected account: the request, and an expression for each fact."""

    request: Request
    facts: Mapping[str, str | None]


async def probe_of(work: Work, integration: Integration, connection: Connection | None, request: Request) -> Outbound:
    """The outbound request of a probe. Raises InvalidInput if it cannot be sent, such as without an API base.

    Its answer may be shown, so every text of the stored secret is masked in it, not only the credential.
    """
    route = route_of(work, integration, connection)
    body = None if request.body is None else orjson.dumps(request.body)
    ready = OutboundRequest(
        method=request.method,
        url=_url(route.base_url, request, integration.parameters, route.granted.query),
        headers=(("Content-Type", "application/json"),) if body is not None else (),
        body=body,
        timeout_seconds=_SECONDS,
        lane=work.organization_id,
        max_answer_bytes=_MOST_BYTES,
    )
    probe = await outbound(work, route, ready, fixed=tuple(request.headers.items()))
    return replace(probe, secrets=(*probe.secrets, *texts_of(route.stored)))


async def ask(hub: Hub, probe: Outbound) -> Reply:
    """Send a probe, outside of any transaction. Raises TooMany if the hub itself has no room for the call."""
    renewed: list[str] = []
    try:
        result = await call_with_token(hub, probe.request, probe.held, renewed=renewed)
    except (NotFound, NotReady, UpstreamFailed) as refusal:
        return Reply(failure=redact(refusal.message, probe.secrets))
    secrets = (*probe.secrets, *renewed)
    if isinstance(result, Failure):
        return Reply(failure=redact(result.error.message, secrets))
    value = _value(await read_body(result))
    return Reply(status=result.status, value=value, secrets=secrets, lane=probe.request.lane)


async def objection(hub: Hub, reply: Reply, verification: Verification | None) -> str | None:
    """Why the credentials do not work by this reply; None if they do. Without a verification, 2xx is enough.

    A definition whose condition cannot be evaluated on the reply does not show that they work. The text may be long:
    `shortened` before it is shown, and after every redaction. Raises TooMany.
    """
    if reply.failure is not None or reply.status is None:
        return reply.failure
    expect = verification.expect if verification else Expect()
    how = ""
    if expect.takes(reply.status):
        try:
            if expect.when is None or is_truthy(await _evaluated(hub, expect.when, reply)):
                return None
        except ExpressionRefused as refusal:
            return f"The remote service answered {reply.status}. {refusal}"
        how = ", but not in the way that shows working credentials"
    detail = await _error_text(hub, reply, verification.error if verification else None)
    return f"The remote service answered {reply.status}{how}{detail}"


def identity_of(definition: VendorDefinition, parameters: Mapping[str, Any]) -> Identity | None:
    """The definition's account request; else OpenID Connect's userinfo (Core 1.0, section 5.3), if it has one."""
    if definition.account is not None:
        return Identity(request=definition.account.request, facts=_facts(definition.account))
    if definition.auth.userinfo_url is None:
        return None
    address = fill_address(definition.auth.userinfo_url, parameters)
    return Identity(request=Request(path=address), facts=USERINFO)


async def account_of(hub: Hub, identity: Identity, reply: Reply) -> dict[str, str]:
    """The facts of the connected account, as `facts_of`, in a length that is stored and shown."""
    return shortened_facts(await facts_of(hub, identity, reply))


async def facts_of(hub: Hub, identity: Identity, reply: Reply) -> dict[str, str]:
    """The facts of the connected account that the reply holds; empty if it holds none.

    They may be long: `shortened_facts` before they are stored, and after every redaction. Raises UpstreamFailed if
    an expression cannot be evaluated on the reply, and TooMany.
    """
    found = {}
    for name, expression in identity.facts.items():
        try:
            value = await _evaluated(hub, expression, reply)
        except ExpressionRefused as refusal:
            raise UpstreamFailed(str(refusal), reason=UpstreamFailure.BAD_RESPONSE) from refusal
        is_fact = isinstance(value, str | int) and not isinstance(value, bool)
        if is_fact and (text := shown(str(value), reply.secrets)):
            found[name] = text
    return found


def shortened(error: str) -> str:
    """An error in a length that is stored and shown."""
    return error[:_LONGEST_ERROR]


def shortened_facts(facts: Mapping[str, str]) -> dict[str, str]:
    """Facts of an account in a length that is stored and shown."""
    return {name: text[:_LONGEST_FACT] for name, text in facts.items()}


def texts_of(value: Any) -> Iterator[str]:
    """Every text inside a stored secret."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from texts_of(one)


def _value(body: Body | None) -> object:
    """The value of JSON; None for another body, and for a value that Python has not, such as 1e400."""
    with suppress(ValueError):
        return body.value() if isinstance(body, JsonBody) else None
    return None


def _facts(account: Account) -> dict[str, str | None]:
    return {"accountId": account.account_id, "email": account.email, "displayName": account.display_name}


def _url(
    base_url: str | None, request: Request, parameters: Mapping[str, Any], granted: Sequence[tuple[str, str]]
) -> str:
    query = (*request.query.items(), *granted)
    if not request.path.startswith("/"):
        return build_url(None, (fill_address(request.path, parameters),), {}, query)
    values = {key: as_text(value) for key, value in parameters.items()}
    return build_url(base_url, parse_endpoint(request.path), values, query, path=("parameters",))


async def _evaluated(hub: Hub, expression: str | None, reply: Reply) -> Any:
    return None if expression is None else await hub.expressions.evaluate(expression, reply.value, lane=reply.lane)


async def _error_text(hub: Hub, reply: Reply, expression: str | None) -> str:
    try:
        found = await _evaluated(hub, expression, reply)
    except ExpressionRefused as refusal:
        return f". {refusal}"
    text = shown(found, reply.secrets) if isinstance(found, str) else ""
    return f": {text}" if text else "."
