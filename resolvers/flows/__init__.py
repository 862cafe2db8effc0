"""Flows and steps: making and changing them, their content, the checks at saving."""
