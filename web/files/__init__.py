"""The face for bytes: it receives uploads and serves pictures to browsers."""

from web.files.routes import routes

__all__ = ["routes"]
