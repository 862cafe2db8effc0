"""The bodies of the operator's commands."""
