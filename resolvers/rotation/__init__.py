"""Rotation of master keys: every secret is sealed again while the hub keeps running."""
