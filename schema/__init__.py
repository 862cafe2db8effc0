"""The GraphQL face. The enums of the vocabulary are registered first: every type uses them."""

from schema.kit import enums

__all__ = ["enums"]
