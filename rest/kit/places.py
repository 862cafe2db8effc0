"""Places of faults in the words of a dialect."""

from __future__ import annotations

from collections.abc import Mapping

from models.errors import Path

#: Place in a command → the dialect's name for it. The first match counts; other places keep their names.
Places = Mapping[Path, Path]


def renamed(path: Path, places: Places) -> Path:
    """A path of a command in the names of the dialect."""
    for ours, theirs in places.items():
        if path[: len(ours)] == ours:
            return theirs + path[len(ours) :]
    return path
