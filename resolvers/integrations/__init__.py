"""Integrations: the configured apps of an organization."""
