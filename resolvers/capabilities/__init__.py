"""Capabilities: the actions that an integration declares."""
