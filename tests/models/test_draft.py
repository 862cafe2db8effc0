"""The first step of a new table: the draft of a migration, made in a scratch copy of the code."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The folder of a copy of the models."""
    leave_out = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(ROOT / "models", tmp_path / "copy" / "models", ignore=leave_out)).parent


def draft(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "models.migrations", *arguments]
    return subprocess.run(command, cwd=copy, capture_output=True, text=True)


def test_follows_the_newest_one_though_numbers_are_missing(copy: Path):
    versions = copy / "models/migrations/versions"
    known = {file.name for file in versions.glob("*.py")}
    newest = max(known)[:4]
    wanted = f"{int(newest) + 1:04d}"

    first, second = draft(copy, "Add a colour"), draft(copy, "Add a shape")

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    added = sorted(file.name for file in versions.glob("*.py") if file.name not in known)
    assert len(known) < int(newest), "a number is missing, or this shows nothing"
    assert added == [f"{wanted}_add_a_colour.py", f"{int(wanted) + 1:04d}_add_a_shape.py"]
    text = (versions / added[0]).read_text()
    assert (f"revision = '{wanted}'" in text, f"down_revision = '{newest}'" in text) == (True, True), text


@pytest.mark.parametrize("arguments", [(), ("",), ("Add", "a", "colour")])
def test_asks_for_one_sentence(copy: Path, arguments: tuple[str, ...]):
    done = draft(copy, *arguments)

    assert done.returncode == 1
    assert done.stderr == (
        'Say what the migration changes: python -m models.migrations "Add a colour to integrations"\n'
    )
