"""Faults named as the caller knows its input."""

from __future__ import annotations

from collections.abc import Mapping

from models.errors import InvalidInput, Path

#: Where a value stands in our commands, and where the caller has put it. The first that fits counts.
Places = Mapping[Path, Path]


def sentence_of(error: InvalidInput, places: Places) -> str:
    """Every fault, each with its place."""
    return " ".join(_violation(found.path, found.message, places) for found in error.violations)


def _violation(path: Path, message: str, places: Places) -> str:
    place = ".".join(_place(path, places))
    return f"{place}: {message}" if place else message


def _place(path: Path, places: Places) -> Path:
    for ours, theirs in places.items():
        if path[: len(ours)] == ours:
            return theirs + path[len(ours) :]
    return path
