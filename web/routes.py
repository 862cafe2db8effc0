"""GraphiQL as `make web` built it: the page and its files."""

from __future__ import annotations

import html
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

#: The output directory of `make web`.
BUILT: Final = Path(__file__).parent / "dist"

#: Monaco writes style elements and attributes; GraphiQL's style sheet contains its fonts. Everything else is limited
#: to the page's own origin (https://www.w3.org/TR/CSP3/).
_POLICY: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",
    "font-src": "'self' data:",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "worker-src": "'self'",
    **dict.fromkeys(("base-uri", "form-action", "frame-ancestors"), "'none'"),
}
_HEADERS: Final = {
    "Content-Security-Policy": "; ".join(f"{directive} {sources}" for directive, sources in _POLICY.items()),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_NOT_KEPT: Final = {"Cache-Control": "no-store", "Vary": "Accept"}
_KEPT: Final = {"Cache-Control": "public, max-age=31536000, immutable"}


def page(built: Path = BUILT) -> Callable[[Request], Response]:
    """The page for browsers at `/graphql`: GraphiQL, or the way to build it if it has not been built.

    Looks for the build once, when called: a running hub shows a new build after its next start.
    """
    try:
        text = (built / "index.html").read_text(encoding="utf-8")
    except FileNotFoundError:
        return _how_to_build
    return lambda _request: _answer(text)


def routes(built: Path = BUILT) -> list[Mount]:
    """The files of GraphiQL, under names that change with their content; empty before the build."""
    parts = built / "graphiql"
    return [Mount("/graphiql", _Parts(directory=parts))] if parts.is_dir() else []


class _Parts(StaticFiles):
    """Immutable files with the page's security policy: web workers obey the policy of their own response."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers.update(_HEADERS | _KEPT)
        return response


def _how_to_build(request: Request) -> Response:
    address = html.escape(str(request.url.replace(query="", fragment="")))
    return _answer(_HOW_TO_BUILD.format(address=address))


def _answer(text: str) -> Response:
    return HTMLResponse(text, headers=_HEADERS | _NOT_KEPT)


_HOW_TO_BUILD: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Patchbay</title>
<h1>Patchbay</h1>
<p>The hub is running. GraphiQL, its page for trying queries, has not been built yet.</p>
<p>Building it needs Node 20.19 or newer and a way to the npm registry. In the hub's directory:</p>
<pre>make web</pre>
<p>Then start the hub again. Without the page, any HTTP client does:</p>
<pre>curl -s '{address}' -H 'Authorization: Bearer pb_…' \\
  -H 'Content-Type: application/json' \\
  -d '{{"query": "{{ viewer {{ organization {{ name }} permissions }} }}"}}'</pre>
"""
