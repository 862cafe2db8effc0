"""The refusal of requests that are invalid as HTTP, before a face reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.responses import JSONResponse, Response
from starlette.types import Scope


class BadRequest(Exception):
    """`status`: the HTTP status of the answer. The message is for the client.

    `close`: the answer closes the connection, because the bytes that follow are unsafe or unwanted.
    """

    def __init__(self, status: int, message: str, *, close: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.close = close


#: A face's answer to a request that it does not read.
Form = Callable[[BadRequest], Response]


def answer_to(scope: Scope, error: BadRequest, forms: Mapping[str, Form]) -> Response:
    """The answer in the form of the face with the path's prefix; else a JSON object with `error`."""
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    for prefix, form in forms.items():
        if path == prefix or path.startswith(f"{prefix}/"):
            return form(error)
    headers = {"connection": "close"} if error.close else {}
    return JSONResponse({"error": error.message}, error.status, headers)
