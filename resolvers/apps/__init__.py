"""Published apps at work: their address for events, tasks, and a tunnel in development."""
