"""Secrets masked in JSON values that people see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proxy.inputs.exact import read_json, write_json
from proxy.redact import redact


def masked(value: Any, secrets: Sequence[str]) -> Any:
    """A JSON value with these secrets masked in it; a text if masking has broken its form."""
    if not secrets:
        return value
    text = write_json(value).decode()
    found = redact(text, secrets)
    if found == text:
        return value
    try:
        return read_json(found.encode())
    except ValueError:
        return found
