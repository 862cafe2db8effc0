"""Databases that several processes migrate at once."""
