"""The integrations API of Informer 5."""

from rest.informer.routes import dialect

__all__ = ["dialect"]
