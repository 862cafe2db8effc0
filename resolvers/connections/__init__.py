"""Connections: credentials at remote services, theirs and the hub's check of them."""
