"""The pages on which end users connect, and the callback address for vendors."""

from web.connect.routes import routes

__all__ = ["routes"]
