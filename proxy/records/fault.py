"""Faulty: the error of one record."""

from __future__ import annotations

from models.flow_words import RecordFault


class Faulty(Exception):
    """A record that a step cannot work on. `message`: a sentence for people, with places and types but no values."""

    def __init__(self, fault: RecordFault, message: str) -> None:
        super().__init__(message)
        self.fault = fault
        self.message = message
