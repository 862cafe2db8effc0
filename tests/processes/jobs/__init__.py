"""The engine while its workers are killed, doubled, starved, or without their database."""
