"""Integrations: configured apps of an organization, made, changed and removed."""
