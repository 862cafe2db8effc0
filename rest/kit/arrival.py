"""The arrival of a request: its checks as HTTP, and its values."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from starlette.requests import Request

from models.errors import InvalidInput
from proxy.inputs.admissible import objections
from resolvers.unset import UNSET
from rest.kit.asked import Asked
from rest.kit.query import query_of
from wire.body import LARGE

#: Values that one turn of the event loop reads: some 2 ms.
_MANY: Final = 1_000
#: The one objection to text that has been read as JSON.
_NUL: Final = "It must not hold the character NUL."


async def read_request(request: Request, read_body: Callable[[], Awaitable[object]] | None, *, base: str) -> Asked:
    """The request as values. `read_body` is called if there is a body. Raises BadRequest and TooLarge."""
    return Asked(
        method=request.method,
        address=request.scope["path"].removeprefix(request.scope.get("root_path", "")),
        path=request.path_params,
        query=query_of(request),
        headers=dict(request.headers),
        body=await read_body() if read_body and _has_body(request) else UNSET,
        client=request.client.host if request.client else "",
        scheme=request.url.scheme,
        mount=request.scope.get("root_path", ""),
        base=base,
    )


def check_text(body: object) -> None:
    """Raises InvalidInput at each text of a JSON body, name or value, with NUL, which databases cannot store."""
    if _has_nul(body):
        raise InvalidInput([replace(one, message=_NUL) for one in objections(body, ())])


def _has_nul(body: object) -> bool:
    """Walks over the values, so that other threads get their turns. To write a long body anew would hold them up."""
    pending = [body]
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            if "\0" in value:
                return True
        elif isinstance(value, dict):
            pending += value
            pending += value.values()
        elif isinstance(value, list):
            pending += value
    return False


def _has_body(request: Request) -> bool:
    """RFC 9112 §6.3: a request without either header has none."""
    return "transfer-encoding" in request.headers or request.headers.get("content-length", "0").strip("0") != ""


def is_long(body: object) -> bool:
    """Whether reading a body may take longer than a turn of the event loop should. It looks at few of the values.

    A long text counts as many.
    """
    count, pending = 0, [body]
    while pending and count <= _MANY:
        value = pending.pop()
        if isinstance(value, str) and len(value) > LARGE:
            return True
        if isinstance(value, dict | list):
            count += len(value)
            if count <= _MANY:
                pending.extend(value.values() if isinstance(value, dict) else value)
    return count > _MANY
