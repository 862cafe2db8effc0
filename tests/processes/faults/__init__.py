"""The hub while its database is away, slow or full, and while it is killed and stopped."""
