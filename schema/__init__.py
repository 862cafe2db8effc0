"""The GraphQL face. The vocabulary is made known first: every type of the graph speaks it."""

from schema.kit import enums

__all__ = ["enums"]
