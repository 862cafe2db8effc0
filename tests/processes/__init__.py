"""Tests that kill, starve or race processes. They run last, one at a time."""
