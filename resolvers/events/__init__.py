"""Events and their types."""
