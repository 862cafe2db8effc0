"""The request as values: everything that `read` and `write` of a dialect may know of it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_to_bytes

from starlette.requests import Request

from models.errors import InvalidInput
from resolvers.caller import Caller
from resolvers.faults import text_problem
from resolvers.unset import UNSET, Unset
from wire.form import Part
from wire.refusal import BadRequest

#: Values that one turn of the event loop reads: some 2 ms.
_MANY: Final = 1_000
_MOST_PARAMETERS: Final = 1_000
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")

#: A name may occur several times in a query.
Query = Mapping[str, str | list[str]]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Names of `headers` are in lower case. `body` is UNSET if none was sent.

    `elapsed_ms` is the duration of the operation; 0 until it has answered. `browser` is the secret of the browser's
    cookie, known to endpoints that bind the browser.
    """

    method: str = "GET"
    path: Mapping[str, str] = field(default_factory=dict)
    query: Query = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: object = UNSET
    client: str = ""
    scheme: str = "http"
    #: The dialect's prefix as the client sees it, including a path that a proxy adds.
    mount: str = ""
    elapsed_ms: float = 0.0
    browser: str = field(default="", repr=False)
    speaker: Caller | None = None

    @property
    def caller(self) -> Caller:
        """The caller, for results that depend on the row and its reader."""
        assert self.speaker is not None  # noqa: S101  whoever got an answer has been told apart
        return self.speaker

    @property
    def idempotency_key(self) -> str | None:
        """The key with which the caller makes a retry safe, or None."""
        return self.headers.get("idempotency-key")

    def single(self, name: str) -> str | None:
        """A value of the query, or None. Raises InvalidInput if there are several."""
        value = self.query.get(name)
        if isinstance(value, list):
            raise InvalidInput.at(name, "Give it once.")
        return value

    def members(self) -> dict[str, Any]:
        """The members of the body; empty if there is none. Raises InvalidInput if it is not an object."""
        if isinstance(self.body, Unset):
            return {}
        if not isinstance(self.body, dict):
            raise InvalidInput.at((), "The body must be a JSON object.")
        return self.body

    def file(self) -> bytes:
        """The file of a form, under any part name. Raises InvalidInput unless there is exactly one."""
        parts = self.body if isinstance(self.body, tuple) else ()
        files = [part for part in parts if isinstance(part, Part) and part.is_file]
        if len(files) != 1:
            raise InvalidInput.at((), "Send exactly one file, as a part with a file name.")
        return files[0].content


async def read_request(request: Request, read_body: Callable[[], Awaitable[object]] | None) -> Asked:
    """The request as values. `read_body` is called if there is a body. Raises BadRequest and TooLarge."""
    return Asked(
        method=request.method,
        path=request.path_params,
        query=_query(request),
        headers=dict(request.headers),
        body=await read_body() if read_body and _has_body(request) else UNSET,
        client=request.client.host if request.client else "",
        scheme=request.url.scheme,
        mount=request.scope.get("root_path", ""),
    )


def check_path(request: Request) -> None:
    """Raises BadRequest 400 for an ambiguous path.

    The server has decoded it and replaced bytes that are not UTF-8. An encoded slash would shift the segments.
    """
    raw: bytes = request.scope["raw_path"]
    path: str = request.scope["path"]
    if _CONTROLS.search(path):
        raise BadRequest(400, "The path contains a control character; remove it.")
    if b"%" not in raw:
        return
    if b"%2f" in raw.lower():
        raise BadRequest(400, "The path contains an encoded slash (%2F); remove it.")
    try:
        unquote_to_bytes(raw).decode()
    except UnicodeDecodeError as cause:
        raise BadRequest(400, "The path is not UTF-8; percent-encode it as UTF-8.") from cause


def _query(request: Request) -> Query:
    raw: bytes = request.scope["query_string"]
    values: defaultdict[str, list[str]] = defaultdict(list)
    if raw.count(b"&") >= _MOST_PARAMETERS:
        raise BadRequest(400, f"The query has more than {_MOST_PARAMETERS} parameters; send fewer.")
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError as cause:
        raise BadRequest(400, "The query is not UTF-8; percent-encode it as UTF-8.") from cause
    for name, value in pairs:
        if text_problem(name) or text_problem(value):
            raise BadRequest(400, "The query contains the character NUL; remove it.")
        values[name].append(value)
    return {name: given[0] if len(given) == 1 else given for name, given in values.items()}


def _has_body(request: Request) -> bool:
    """RFC 9112 §6.3: a request without either header has none."""
    return "transfer-encoding" in request.headers or request.headers.get("content-length", "0").strip("0") != ""


def has_many_values(body: object) -> bool:
    """Whether reading a body may take longer than a turn of the event loop should. It looks at few of the values."""
    count, pending = 0, [body]
    while pending and count <= _MANY:
        value = pending.pop()
        if isinstance(value, dict | list):
            count += len(value)
            if count <= _MANY:
                pending.extend(value.values() if isinstance(value, dict) else value)
    return count > _MANY
