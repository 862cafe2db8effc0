"""Edges between rows as data, declared in `edges.py` of each room, and their loaders: one statement for a level."""
