"""The face for published sites: it serves the scripts of apps to browsers."""

from web.apps.routes import routes

__all__ = ["routes"]
