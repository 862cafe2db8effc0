"""The caller of an HTTP request, read from its headers; the same for every face."""

from __future__ import annotations

from starlette.requests import Request

from models.vocabulary import Source
from resolvers.authenticate import HUB_ID, authenticate, bearer
from resolvers.caller import Caller
from resolvers.hub import Hub
from wire.acting import refuse_underscores


async def caller_of(hub: Hub, request: Request, source: Source, *, request_id: str | None = None) -> Caller:
    """The caller by `Authorization` and `X-Hub-Id`; a repeated header is invalid.

    Raises as `authenticate` does, and InvalidInput for `X_Hub_Id`.
    """
    caller = await authenticate(
        hub,
        bearer(_header(request, "authorization")),
        source=source,
        organization=_header(request, HUB_ID),
        request_id=request_id,
    )
    refuse_underscores(request, HUB_ID)
    return caller


def _header(request: Request, name: str) -> str | None:
    return ", ".join(request.headers.getlist(name)).strip() or None
