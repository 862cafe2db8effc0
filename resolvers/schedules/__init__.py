"""Schedules: cron expressions in time zones, and the flows that they start."""
