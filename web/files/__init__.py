"""The face for bytes: uploads are put here, and pictures are shown to browsers."""

from web.files.routes import routes

__all__ = ["routes"]
