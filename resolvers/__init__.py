"""Behaviour. Operations decide; they know no wire."""
