"""A step's own request, with the mapped inputs in their places."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import quote

from models.vocabulary import HttpMethod, RecordFault
from proxy.inputs.coerce import to_text
from proxy.records import Faulty
from resolvers.dispatching.proxying import ProxyRequest
from resolvers.find import IntegrationRef
from resolvers.flows.content_step import ContentStep
from resolvers.outbound.request import Header

_PLACE: Final = re.compile(r"\{([^{}]+)\}")
#: Methods for which inputs go into the query.
QUERIED: Final = frozenset({HttpMethod.GET, HttpMethod.HEAD, HttpMethod.DELETE})


def request_of(step: ContentStep, inputs: Any) -> ProxyRequest:
    """The request of a step for these inputs: `{name}` of its path, the rest in the query or in the body.

    A body of the step is an object that the inputs are merged into; without one they are the body. Raises Faulty.
    """
    declared = step.request or {}
    method = HttpMethod(declared.get("method", HttpMethod.GET))
    path, rest = _filled(str(declared.get("path", "/")), inputs)
    query, body = dict(declared.get("query") or {}), declared.get("body")
    if method in QUERIED:
        query |= rest if isinstance(rest, dict) else {}
    elif isinstance(body, dict) and isinstance(rest, dict):
        body = {**body, **rest}
    elif rest not in (None, {}) or body is None:
        body = rest
    headers = [Header(name=name, value=str(value)) for name, value in dict(declared.get("headers") or {}).items()]
    return ProxyRequest(
        integration=IntegrationRef(id=step.integration_id),
        path=path,
        method=method,
        query=query or None,
        headers=headers or None,
        body=body if method not in QUERIED else None,
    )


def _filled(path: str, inputs: Any) -> tuple[str, Any]:
    """The path with its inputs, and the inputs that it did not take."""
    names = _PLACE.findall(path)
    if not names:
        return path, inputs
    members = inputs if isinstance(inputs, dict) else {}
    if missing := [name for name in names if members.get(name) in (None, "")]:
        raise Faulty(RecordFault.MAPPING, f"The path of the request needs the inputs {', '.join(missing)}.")
    for name in names:
        if isinstance(members[name], dict | list):
            raise Faulty(RecordFault.MAPPING, f"The input {name} of the path must be a text or a number.")
    text = _PLACE.sub(lambda place: quote(to_text(members[place[1]]), safe=""), path)
    return text, {name: value for name, value in members.items() if name not in names}
