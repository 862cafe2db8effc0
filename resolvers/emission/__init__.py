"""Emission: an event with its sequence, its frozen body and its deliveries, in one transaction."""
