"""OAuth connections: renew tokens, send calls with them, revoke them."""
