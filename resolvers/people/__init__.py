"""Organizations, principals, places and tokens."""
