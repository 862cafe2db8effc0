"""The GitBook integrations API, in both of its published versions at once."""

from rest.gitbook.routes import dialect

__all__ = ["dialect"]
