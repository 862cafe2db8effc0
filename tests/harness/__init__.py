"""Tools of the tests: databases, a running hub, clients, and the rules of the house as functions."""
