"""Apps at work while the processes of the hub are killed."""
