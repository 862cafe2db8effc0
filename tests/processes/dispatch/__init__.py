"""Calls under way while their process dies or is stopped."""
