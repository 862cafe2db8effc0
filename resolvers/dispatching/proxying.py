"""Build a proxied request: from the caller's request to the exact outbound request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from models.errors import InvalidInput
from models.tables import Connection, Integration
from models.vocabulary import BodyFormat, HttpMethod
from proxy.auth import Authorisation
from proxy.headers import check_given_header
from proxy.inputs.bodies import FORM, MOST_BYTES, BodyShape
from proxy.inputs.coerce import to_text
from proxy.inputs.exact import write_json
from proxy.inputs.files import decoded
from proxy.message import OutboundRequest
from proxy.relative import below, names_in_query
from resolvers.acting import ForUser
from resolvers.dispatching.build import KEY_HEADER
from resolvers.faults import Faults, text_problem
from resolvers.find import IntegrationRef
from resolvers.outbound.request import Header, Outbound, merged, outbound, route_of
from resolvers.uploads.sending import upload_to_send
from resolvers.work import Work

_PATH: Final = ("path",)
_MOST_HEADERS: Final = 50
_JSON: Final = "application/json"
_TEXT: Final = "text/plain; charset=utf-8"
_OCTETS: Final = "application/octet-stream"


@dataclass(frozen=True, kw_only=True)
class ProxyRequest(ForUser):
    """A request through an integration. `path` may have a query.

    A `body` that is text is sent unchanged, an object as a form if its Content-Type says so, any other as JSON.
    `body_base64` and `body_upload_id`, an upload for FILE, are bytes. Values of `query` are texts, numbers, booleans,
    or lists of them; null is left out. `streams`: the answer may be handed over before its end,
    unless it is kept for the key.
    """

    integration: IntegrationRef
    path: str
    method: HttpMethod = HttpMethod.GET
    query: dict[str, Any] | None = None
    headers: Sequence[Header] | None = None
    body: Any = None
    body_base64: str | None = field(default=None, repr=False)
    body_upload_id: str | None = None
    connection_id: str | None = None
    idempotency_key: str | None = None
    timeout_seconds: float = 30.0
    streams: bool = False


async def build_proxied(
    work: Work, asked: ProxyRequest, integration: Integration, connection: Connection | None
) -> Outbound:
    """The outbound request. Raises InvalidInput for values that cannot be sent or would leave the API's address."""
    route = route_of(work, integration, connection)
    faults = Faults()
    pairs = _pairs(faults, asked.query)
    _check_query(faults, asked, [name for name, _ in route.granted.query])
    _check_headers(faults, asked, route.granted)
    body, content_type = _body(faults, asked)
    faults.check(route.base_url is not None, "path", "The integration has no API base address; set it.")
    faults.refuse()
    if asked.body_upload_id is not None:
        body, _ = await upload_to_send(work, asked.body_upload_id, path=("body_upload_id",), most=MOST_BYTES)
    own = [] if content_type is None else [("Content-Type", content_type)]
    given = [(header.name, header.value) for header in asked.headers or ()]
    key = [] if asked.idempotency_key is None else [(KEY_HEADER, asked.idempotency_key)]
    request = OutboundRequest(
        method=asked.method,
        url=below(route.base_url or "", asked.path, (*pairs, *route.granted.query), path=_PATH),
        headers=merged(own, given, key),
        body=body,
        timeout_seconds=asked.timeout_seconds,
        lane=work.organization_id,
        retry_safe=asked.idempotency_key is not None,
        pooled=True,
        streams=asked.streams and asked.idempotency_key is None,
    )
    return await outbound(work, route, request, at=("integration",))


def _pairs(faults: Faults, query: dict[str, Any] | None) -> list[tuple[str, str]]:
    if query is not None and not isinstance(query, dict):
        faults.add("query", "It must be a JSON object.")
        return []
    found: list[tuple[str, str]] = []
    for name, value in (query or {}).items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict | list):
                faults.add(("query", name), "It must be text, a number, true or false, or a list of those.")
            elif one is not None:
                found.append((name, to_text(one)))
    for name, text in found:
        if problem := text_problem(name) or text_problem(text):
            faults.add(("query", name), problem)
    return found


def _check_query(faults: Faults, asked: ProxyRequest, reserved: Sequence[str]) -> None:
    """Add a fault for each parameter with the name of the credential's: the service could take the wrong one."""
    own = names_in_query(asked.path)
    for name in reserved:
        faults.check(name not in own, "path", f"The hub sets the parameter {name}; leave it out.")
        taken = isinstance(asked.query, dict) and name in asked.query
        faults.check(not taken, ("query", name), "The hub sets it; leave it out.")


def _check_headers(faults: Faults, asked: ProxyRequest, granted: Authorisation) -> None:
    reserved = ["Authorization", *(name for name, _ in granted.headers)]
    headers = asked.headers or ()
    faults.check(len(headers) <= _MOST_HEADERS, "headers", f"At most {_MOST_HEADERS} headers.")
    for index, header in enumerate(headers[:_MOST_HEADERS]):
        if problem := check_given_header(header.name, header.value, reserved=reserved):
            faults.add(("headers", str(index)), problem)


def _body(faults: Faults, asked: ProxyRequest) -> tuple[bytes | None, str | None]:
    """The bytes of the body, and its content type: the caller's, else by the type of the value.

    The bytes of an upload are read later.
    """
    bodies = (asked.body, asked.body_base64, asked.body_upload_id)
    given = sum(body is not None for body in bodies)
    if given == 0:
        return None, None
    bodiless = f"A {asked.method} has no body; use POST, PUT or PATCH, or query."
    faults.check(asked.method not in (HttpMethod.GET, HttpMethod.HEAD), "body", bodiless)
    faults.check(given == 1, "body", "Give one of body, bodyBase64 and bodyUploadId.")
    named = next((one.value for one in asked.headers or () if one.name.lower() == "content-type"), None)
    if asked.body_base64 is not None:
        return _octets(faults, asked.body_base64), _OCTETS
    if asked.body_upload_id is not None:
        return None, _OCTETS
    return _value(faults, asked.body, named)


def _octets(faults: Faults, text: str) -> bytes | None:
    try:
        return decoded(text, ("body_base64",))
    except InvalidInput as refusal:
        faults.add("body_base64", refusal.violations[0].message)
        return None


def _value(faults: Faults, body: object, named: str | None) -> tuple[bytes | None, str | None]:
    if isinstance(body, str):
        if problem := text_problem(body):
            faults.add("body", problem)
            return None, None
        return body.encode(), named or _TEXT
    kind = (named or _JSON).partition(";")[0].strip().lower()
    if kind == FORM and isinstance(body, dict):
        return BodyShape(format=BodyFormat.FORM).encode(body, ("body",)).content, named
    is_json = kind == _JSON or kind.endswith("+json")
    faults.check(
        is_json, "body", "A value is sent as JSON, or an object as a form; give text for another Content-Type."
    )
    return write_json(body), named or _JSON
