"""People and places: organizations, principals, shares, tags, and who a request speaks for."""
