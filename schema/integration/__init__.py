"""Integrations: the type, the inputs and the root fields of the noun."""

from schema.integration.fields import Mutations, Queries
from schema.integration.types import Integration

__all__ = ["Integration", "Mutations", "Queries"]
