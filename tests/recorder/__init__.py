"""Tests of the durable record."""
