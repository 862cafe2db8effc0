"""Servers that stand for the outside world, on loopback."""
