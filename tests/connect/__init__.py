"""Connecting: by consent at a vendor, by forms of the hub's own, by links."""
