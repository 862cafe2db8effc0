"""The door of GraphQL: reading, admission, limits, execution and masking."""
