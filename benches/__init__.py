"""Measurements, by hand. Nothing of the product imports them."""
