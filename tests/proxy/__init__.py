"""Tests of the outbound calls."""
