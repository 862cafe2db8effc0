"""Tests of the tables, their types and their databases."""
