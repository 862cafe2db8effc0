"""Compiled JSON Schema 2020-12; violations in the hub's words, with the place of the input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from jsonschema_rs import Draft202012Validator, FancyRegexOptions, ValidationError

from models.errors import Path, Violation

_MOST = 20
_LONGEST = 300
_REGEX = FancyRegexOptions(backtrack_limit=100_000, size_limit=1_000_000)


def compile_schema(schema: Mapping[str, object]) -> Draft202012Validator:
    """A validator that never touches the network. Raises ValidationError for a faulty schema."""
    return Draft202012Validator(dict(schema), mask="It", offline=True, pattern_options=_REGEX)


def violations(validator: Draft202012Validator, value: object, path: Path) -> list[Violation]:
    """The violations of a value, at most 20; empty if it is valid."""
    if validator.is_valid(value):
        return []
    return list(islice(_violations(validator, value, path), _MOST))


def cut(message: str) -> str:
    """The message, shortened for display."""
    return message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"


def _violations(validator: Draft202012Validator, value: object, path: Path) -> Iterator[Violation]:
    for error in validator.iter_errors(value):
        where = (*path, *map(str, error.instance_path))
        yield from _of_error(error, where)


def _of_error(error: ValidationError, where: Path) -> Iterator[Violation]:
    word = error.kind.name
    if word == "required":
        yield Violation(path=(*where, str(error.kind.value)), message="It is required.")
    elif word in ("additionalProperties", "unevaluatedProperties"):
        for name in error.kind.value:
            yield Violation(path=(*where, str(name)), message="It is not declared; remove it.")
    else:
        yield Violation(path=where, message=f"{cut(error.message)}.")
