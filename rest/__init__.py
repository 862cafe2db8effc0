"""The REST faces."""

from __future__ import annotations

from starlette.routing import BaseRoute

from resolvers.caller import Hub
from wire.body import BodyLimits


def routes(hub: Hub, *, limits: BodyLimits) -> list[BaseRoute]:
    """The routes of every dialect."""
    return []
