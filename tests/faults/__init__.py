"""What the hub does while its database is away, slow, full or in the way."""
