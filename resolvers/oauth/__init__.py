"""OAuth tokens: renew them, send calls with them, revoke them."""
