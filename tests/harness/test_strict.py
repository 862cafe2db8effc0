"""CI accepts no skips."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("source", "closing"),
    [
        ("def test_runs():\n    pass", "1 passed"),
        ("def test_skips():\n    pytest.skip()", "1 failed"),
        ("@pytest.mark.skip\ndef test_is_marked():\n    pass", "1 error"),
        ("@pytest.mark.xfail\ndef test_fails_as_expected():\n    assert False", "1 failed"),
        ("@pytest.mark.xfail\ndef test_passes_unexpectedly():\n    pass", "1 failed"),
        ("pytest.importorskip('no_such_module')", "1 error"),
    ],
)
def test_in_ci_only_what_ran_has_passed(tmp_path, source, closing):
    (tmp_path / "test_planted.py").write_text(f"import pytest\n\n{source}\n")

    assert closing in _run_pytest(tmp_path, CI="true")


def test_elsewhere_a_skip_is_a_skip(tmp_path):
    (tmp_path / "test_planted.py").write_text("import pytest\n\ndef test_skips():\n    pytest.skip()\n")

    assert "1 skipped" in _run_pytest(tmp_path, CI="")


def _run_pytest(directory, CI):  # noqa: N803  the variable's name
    """The closing line of a run over `directory`."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "tests.harness.strict",
        "--rootdir",
        directory,
        directory,
    ]
    environment = {**os.environ, "CI": CI, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, timeout=180)
    return done.stdout.splitlines()[-1]
