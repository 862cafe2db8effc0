"""Definitions of vendors: their format, the catalogue's files, their values."""
