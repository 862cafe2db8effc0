"""The catalogue of events as JSON and as AsyncAPI."""

from web.events.routes import routes

__all__ = ["routes"]
