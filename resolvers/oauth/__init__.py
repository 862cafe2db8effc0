"""OAuth connections: whose tokens are held, how they are kept fresh, and what happens when they end."""
