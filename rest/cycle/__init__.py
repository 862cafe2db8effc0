"""The hub integrations API of Cycle."""

from rest.cycle.routes import dialect

__all__ = ["dialect"]
