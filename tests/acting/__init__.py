"""Tests of acting for users."""
