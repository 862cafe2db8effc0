"""Connections: credentials at remote services, the account behind each, and the check that it works."""
