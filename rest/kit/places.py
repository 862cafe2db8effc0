"""Places of faults in the words of a dialect."""

from __future__ import annotations

from collections.abc import Mapping

from models.errors import InvalidInput, Path

#: A place in a command, and the dialect's word for it. The first that fits counts; other places keep their words.
Places = Mapping[Path, Path]


def renamed(path: Path, places: Places) -> Path:
    """A path of a command as the dialect's clients know it."""
    for ours, theirs in places.items():
        if path[: len(ours)] == ours:
            return theirs + path[len(ours) :]
    return path


def sentence_of(error: InvalidInput) -> str:
    """Every fault, each with its place."""
    return " ".join(": ".join([".".join(one.path), one.message]).removeprefix(": ") for one in error.violations)
