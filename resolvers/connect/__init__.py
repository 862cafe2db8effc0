"""Connecting: links, consent pages and forms, in parts that operations compose."""
