"""SQLModel tables and vocabulary. Imports no other package of the hub."""
