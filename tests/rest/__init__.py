"""Tests of REST dialects and of what they share."""
