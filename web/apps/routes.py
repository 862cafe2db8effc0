"""The route for scripts of apps. It needs no token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from models.errors import DomainError, NotFound
from resolvers.caller import Caller
from resolvers.hub import Hub
from resolvers.publishing.scripts import ScriptAddress, ScriptScopes, read_script
from web.files.refusal import refused
from wire.acting import refuse_act_as
from wire.credentials import refuse_credentials_in_query
from wire.etags import known_tags
from wire.refusal import BadRequest

_PATH: Final = "/apps/{name}/{installation_id}/sites/{place_id}/script.js"
_FOR_NOBODY: Final = "Nobody acts for a user at this address; leave the header out."
#: Sites of any origin load it, also as a module and with a digest (https://www.w3.org/TR/SRI/#cross-origin-data-leakage).
#: An app that is paused or withdrawn is gone from caches within a minute.
_HEADERS: Final = {
    "access-control-allow-origin": "*",
    "cache-control": "public, max-age=60, must-revalidate",
    "cross-origin-resource-policy": "cross-origin",
    "x-content-type-options": "nosniff",
}


def routes(hub: Hub, *, scopes: ScriptScopes) -> list[Route]:
    """The routes of this face. `scopes`: with one of them an app injects its script."""

    async def respond(request: Request) -> Response:
        try:
            refuse_credentials_in_query(request.scope)
            refuse_act_as(request, _FOR_NOBODY)
            return await _script(hub, request, scopes)
        except (BadRequest, DomainError) as error:
            return refused(error)

    serve: Callable[[Request], Awaitable[Response]] = respond
    return [Route(_PATH, serve, methods=["GET"])]


async def _script(hub: Hub, request: Request, scopes: ScriptScopes) -> Response:
    """The script, or 304 if `If-None-Match` names its digest (RFC 9110 §13.1.2). Raises one NotFound for all else."""
    known = known_tags(request.headers.get("if-none-match"))
    script = await read_script(Caller.of_hub(hub), ScriptAddress(**request.path_params), scopes, known)
    if script is None:
        raise NotFound("script")
    headers = {**_HEADERS, "etag": f'"{script.sha256}"'}
    if script.content_security_policy is not None:
        headers["content-security-policy"] = script.content_security_policy
    if script.content is None:
        return Response(status_code=304, headers=headers)
    return Response(script.content, headers={**headers, "content-type": "text/javascript; charset=utf-8"})
