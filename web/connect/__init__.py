"""The pages on which end users connect, and the address that vendors send them back to."""

from web.connect.routes import routes

__all__ = ["routes"]
