"""Credentials: the secrets of connections, stored, registered, renewed and unverified."""
