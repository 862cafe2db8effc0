"""Tests that start processes and kill, starve or race them. They run at the end, one at a time."""
