"""Webhooks: endpoints that take events, deliveries to them and attempts."""
