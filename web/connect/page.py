"""The look of connect pages: templates, and the headers of every page."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

_HERE: Final = Path(__file__).parent
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
_GUARDED: Final = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_NOT_KEPT: Final = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
_KEPT: Final = {"Cache-Control": "public, max-age=31536000, immutable"}


class Pages:
    """The templates, compiled once. Every value is escaped; a missing one is an error."""

    def __init__(self) -> None:
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._style = (_HERE / "style.css").read_bytes()
        self._version = hashlib.sha256(self._style).hexdigest()[:16]

    def page(self, request: Request, template: str, *, status: int = 200, **facts: Any) -> Response:
        """A page by its template. `root`: relative path to the hub's root; works below any proxy's path."""
        path: str = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
        root = "../" * (path.count("/") - 1)
        style = f"{root}connect.css?{self._version}"
        text = self._templates.get_template(template).render(root=root, style=style, **facts)
        return HTMLResponse(text, status, headers=_GUARDED | _NOT_KEPT)

    def style(self) -> Response:
        """The style sheet. Browsers keep it for ever: its address changes with its content."""
        return Response(self._style, media_type="text/css", headers=_GUARDED | _KEPT)
