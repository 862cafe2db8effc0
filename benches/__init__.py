"""Measurements, run by hand. The product does not import them."""
