"""Definitions of vendors: their format, the catalogue, and what follows from them."""
