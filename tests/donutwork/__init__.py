"""Tests of the DonutWork dialect, over HTTP."""
