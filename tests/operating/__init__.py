"""Tests of operating the server: starting, stopping, what it costs."""
