"""DonutWork's integrations API, version 2026-02-01."""

from rest.donutwork.routes import dialect

__all__ = ["dialect"]
