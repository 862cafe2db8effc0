"""OAuth as a client: answers of token endpoints, tokens that are kept fresh, and what is revoked."""
