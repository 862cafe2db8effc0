"""HTTP responses made of the results of `write`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import orjson
from starlette.responses import Response

from proxy.body import json_of
from rest.kit.asked import Asked
from rest.kit.dialect import AnyEndpoint
from rest.kit.etag import is_known, tag_of
from rest.kit.refusal import Refusal
from rest.kit.relayed import Relayed
from rest.kit.reply import Reply

_JSON: Final = "application/json"
_NO_CONTENT: Final = 204
_NOT_MODIFIED: Final = 304


def answer_of(endpoint: AnyEndpoint, written: object, asked: Asked) -> Response:
    """The response with the endpoint's status; with an ETag, or as 304, if the endpoint is tagged."""
    if isinstance(written, Reply):
        return _as_it_stands(written)
    if endpoint.status == _NO_CONTENT:
        return Response(status_code=_NO_CONTENT)
    content = json_of(written)
    return _tagged(content, asked) if endpoint.tagged else json_answer(endpoint.status, content)


def refusal_answer(written: object, refusal: Refusal) -> Response:
    """The response of a refusal: its body, or a Reply with a status of its own. It keeps the refusal's headers."""
    if isinstance(written, Reply):
        response = _as_it_stands(written)
        response.headers.update(refusal.headers)
        return response
    return json_answer(refusal.status, orjson.dumps(written), refusal.headers)


def json_answer(status: int, content: bytes, headers: Mapping[str, str] | None = None) -> Response:
    """A response of JSON that is serialised already."""
    return Response(content, status, headers, media_type=_JSON)


def _tagged(content: bytes, asked: Asked) -> Response:
    """Only this caller may cache it, and must revalidate it each time (RFC 9111 §5.2.2.4)."""
    tag = tag_of(content)
    headers = {"etag": tag, "cache-control": "private, no-cache", "vary": "authorization, x-hub-id"}
    if is_known(asked.headers.get("if-none-match"), tag):
        return Response(status_code=_NOT_MODIFIED, headers=headers)
    return json_answer(200, content, headers)


def _as_it_stands(reply: Reply) -> Response:
    """Keeps repeated headers, and header bytes that are not UTF-8."""
    response = Response(reply.content, reply.status) if reply.rest is None else Relayed(reply.status, reply.rest)
    response.raw_headers += [
        (name.lower().encode("latin-1"), value.encode("utf-8", "surrogateescape")) for name, value in reply.headers
    ]
    return response
