"""Credentials: how a secret is stored, verified and presented, whoever made the connection."""
