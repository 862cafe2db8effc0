"""Tests of records of flows."""
