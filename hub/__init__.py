"""The parts that the programs share: the application, its wiring, its start and its jobs."""
