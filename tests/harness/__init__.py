"""What tests stand on: databases, a running hub, a client, and the rules of the house as functions."""
