"""Batch relations: each declared once, in `edges`, and loaded for all parents of a level in one statement."""
