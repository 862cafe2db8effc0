"""Missing tools of a machine are reported, never ignored; CI has them all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLANTED = """
import pytest

@pytest.mark.needs("node")
def test_asks_node():
    pass

def test_asks_nobody():
    pass
"""
JUDGED = """
import pytest

@pytest.mark.needs("contracts")
def test_asks_a_vendors_page():
    pass

def test_asks_nobody():
    pass
"""


def test_runs_what_the_machine_has_the_programs_for(tmp_path):
    _install(tmp_path, "node", "echo v22.12.0")
    _install(tmp_path, "npm", "true")

    output = _run_pytest(tmp_path, CI="")

    assert output[-1].startswith("2 passed")
    assert not any("WARNING" in line for line in output)


@pytest.mark.parametrize("version", ["v18.20.8", "v20.18.3", "v21.7.3", "v22.11.0", None])
def test_leaves_out_what_needs_a_program_that_is_absent_or_old_and_says_so(tmp_path, version):
    if version:
        _install(tmp_path, "node", f"echo {version}")
        _install(tmp_path, "npm", "true")

    output = _run_pytest(tmp_path, CI="")

    assert output[-1].startswith("1 passed, 1 deselected")
    assert output[-2].startswith("WARNING: tests that were left out: 1. They need Node 20.19, 22.12 or newer")


def test_in_ci_what_is_absent_is_an_error(tmp_path):
    output = _run_pytest(tmp_path, CI="true")

    assert output[-1].startswith("1 passed, 1 error")
    assert any("CI runs every test, and this one needs Node 20.19" in line for line in output)


@pytest.mark.parametrize("ci", ["", "true"])
@pytest.mark.parametrize("folder", ["", "nowhere"])
def test_leaves_out_what_a_vendors_page_judges_where_there_is_none_and_says_so(tmp_path, ci, folder):
    output = _run_pytest(tmp_path, CI=ci, planted=JUDGED, contracts=folder)

    assert output[-1].startswith("1 passed, 1 deselected")
    assert output[-2].startswith(
        "WARNING: tests that were left out: 1. They need the vendors' pages (name their folder"
    )


def test_says_so_too_where_tests_run_on_every_core(tmp_path):
    output = _run_pytest(tmp_path, "-p", "xdist", "-n2", CI="", planted=JUDGED)

    assert any(line.startswith("WARNING: tests that were left out: 1. They need the vendors'") for line in output)


def test_runs_what_a_vendors_page_judges_where_it_is(tmp_path):
    assert _run_pytest(tmp_path, CI="true", planted=JUDGED, contracts=str(tmp_path))[-1].startswith("2 passed")


def _install(directory, name, script):
    program = directory / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def _run_pytest(directory, *options, CI, planted=PLANTED, contracts=""):  # noqa: N803  the variable's name
    """The lines of a run over a planted test, on a machine that has only what is in `directory`."""
    (directory / "test_planted.py").write_text(planted)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.harness.needs", "--rootdir", directory]
    given = {"CI": CI, "PATCHBAY_CONTRACTS": contracts, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    environment = {**os.environ, **given, "PYTHONPATH": str(ROOT), "PATH": str(directory)}
    command += [*options, directory]
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, timeout=180)
    return done.stdout.splitlines()
