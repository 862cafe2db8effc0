"""CI accepts no skips."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: By name: a test, and the word for what becomes of it.
PLANTED = {
    "runs": ("def test():\n    pass", "PASSED"),
    "skips": ("def test():\n    pytest.skip()", "FAILED"),
    "is_marked": ("@pytest.mark.skip\ndef test():\n    pass", "ERROR"),
    "fails_as_expected": ("@pytest.mark.xfail\ndef test():\n    assert False", "FAILED"),
    "passes_unexpectedly": ("@pytest.mark.xfail\ndef test():\n    pass", "FAILED"),
    "imports_what_is_not_there": ("pytest.importorskip('no_such_module')", "ERROR"),
}


@pytest.fixture(scope="module")
def in_ci(tmp_path_factory):
    """What a run of all of them in CI says."""
    directory = tmp_path_factory.mktemp("planted")
    for name, (source, _) in PLANTED.items():
        (directory / f"test_{name}.py").write_text(f"import pytest\n\n{source}\n")
    return _run_pytest(directory, CI="true")


@pytest.mark.parametrize("name", PLANTED)
def test_in_ci_only_what_ran_has_passed(in_ci, name):
    said = {line.split("::")[0].split(" - ")[0] for line in in_ci if f" test_{name}.py" in line}

    assert said == {f"{PLANTED[name][1]} test_{name}.py"}


def test_elsewhere_a_skip_is_a_skip(tmp_path):
    (tmp_path / "test_planted.py").write_text("import pytest\n\ndef test_skips():\n    pytest.skip()\n")

    assert "1 skipped" in _run_pytest(tmp_path, CI="")[-1]


def _run_pytest(directory, CI):  # noqa: N803  the variable's name
    """The lines of a run over `directory`."""
    options = ["-q", "-rA", "--tb=no", "--continue-on-collection-errors", "--rootdir", directory]
    command = [sys.executable, "-m", "pytest", "-p", "tests.harness.strict", *options, directory]
    environment = {**os.environ, "CI": CI, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, timeout=180)
    return done.stdout.splitlines()
