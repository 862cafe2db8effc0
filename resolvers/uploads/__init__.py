"""Bytes that come aside: what they are, how many may come, and who may use them."""
