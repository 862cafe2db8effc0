"""The audit log: entries that every change writes, read by people."""
