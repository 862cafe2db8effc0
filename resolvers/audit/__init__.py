"""The audit log, for people: every change writes an entry."""
