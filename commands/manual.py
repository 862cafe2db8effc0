"""The manual's page of settings: `python -m commands.manual` writes it."""

from __future__ import annotations

import sys
from typing import Final

from pydantic import SecretStr

from models.pace import Pace
from proxy.expressions import Budget
from settings import Settings, variable

_HEAD: Final = """# Settings

The hub reads its settings once, when it starts, from environment variables. An empty variable counts as
absent. Durations are in seconds, sizes in bytes. `make docs` writes this page from `settings.py`.
"""


def manual() -> str:
    """The page that lists the settings, in Markdown."""
    rows = [
        f"| `{variable(name)}` | {_shown(field.default)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join([_HEAD, "| variable | default | meaning |", "|---|---|---|", *rows, ""])


def _shown(default: object) -> str:
    if isinstance(default, Budget | SecretStr | Pace) or default in (None, "", ()):
        return "–"
    if isinstance(default, tuple):
        return f"`{','.join(map(str, default))}`"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default}`"


if __name__ == "__main__":
    sys.stdout.write(manual())
