"""Runs of flows: starting, carrying out page by page, holding, resuming, ending."""
