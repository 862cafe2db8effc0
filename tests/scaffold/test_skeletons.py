"""Skeletons are green from the start, and a bad or taken name writes nothing; all of it in a copy of the tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEAVE_OUT = (".git", ".venv", ".patchbay", ".*_cache", "__pycache__", "node_modules", "dist")
TESTS = ("tests/test_architecture.py", "tests/nouns", "tests/gizmo", "tests/rest", "tests/kit/test_operations.py",
         "tests/kit/test_roots.py", "tests/kit/test_roles.py", "tests/kit/test_tenancy.py",
         "tests/models/test_migrations.py")  # fmt: skip
#: By the name of a test, its parameter or its folder.
CHOSEN = (
    "gadget or gizmo or architecture or says_how_it_is_called or has_a_face or has_a_door or what_the_models_describe"
)

#: A test of each kind, so that none is left out by its name.
RUN = (
    "test_imports_go_one_way",
    "test_makes_renames_and_removes_a_gadget[postgresql]",
    "test_examples_are_answered_as_written[postgresql-apps]",
    "test_examples_are_answered_as_written[postgresql-ping]",
    "test_changes_an_app_and_pages_through_all[postgresql]",
    "test_refuses_with_the_right_status_and_no_leak[postgresql-gizmo]",
    "test_does_its_work_and_records_it[sqlite-update_gadget]",
    "test_answers_who_may[postgresql-deleteGadget]",
    "test_answers_each_role_what_it_is_due[postgresql-gadgets-viewer-app]",
    "test_answers_each_role_what_it_is_due[postgresql-outsider-actor-gizmo GET /v1/ping]",
    "test_every_endpoint_has_a_door",
    "test_ids_of_another_organization_look_as_if_they_did_not_exist[sqlite-Gadget]",
    "test_every_operation_has_a_face",
    "test_migrations_make_what_the_models_describe[sqlite]",
    "test_migrations_make_what_the_models_describe[postgresql]",
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree, into which nothing is written."""
    return copied(tmp_path_factory.mktemp("scaffold") / "copy")


def copied(to: Path) -> Path:
    """The tree as it is, without what was built or downloaded."""
    shutil.copytree(ROOT, to, ignore=shutil.ignore_patterns(*LEAVE_OUT))
    return to


def run(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A module or program of the copy. It is told nothing of the run of tests that this test is a part of."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHON"))}
    return subprocess.run([sys.executable, *arguments], cwd=copy, env=environment, capture_output=True, text=True)


def texts(copy: Path) -> dict[str, str]:
    """Everything that developers write, by path."""
    files = (file for file in copy.rglob("*.*") if "__pycache__" not in file.parts)
    return {str(file.relative_to(copy)): file.read_text("latin-1") for file in files if file.is_file()}


@pytest.mark.long
def test_a_noun_and_a_dialect_are_green_from_the_start(tmp_path: Path):
    copy = copied(tmp_path / "copy")
    if (ROOT / ".mypy_cache").exists():  # without it mypy takes half a minute
        shutil.copytree(ROOT / ".mypy_cache", copy / ".mypy_cache")

    made = [run(copy, "-m", "scaffold", *words) for words in (("noun", "gadget"), ("dialect", "gizmo"))]
    checks = {
        "lint": run(copy, "-m", "ruff", "check", "--no-cache", "--quiet", "."),
        "format": run(copy, "-m", "ruff", "format", "--no-cache", "--quiet", "--check", "."),
        "types": run(copy, "-m", "mypy"),
        "graph": run(copy, "cli.py", "sdl"),
        "tests": run(copy, "-m", "pytest", "-p", "no:cacheprovider", "-vv", *TESTS, "-k", CHOSEN),
    }

    broken = {name: done.stdout + done.stderr for name, done in checks.items() if done.returncode}
    assert [done.returncode for done in made] == [0, 0], made
    assert broken == {}
    assert "\ntype Gadget implements Node {" in checks["graph"].stdout
    assert "\n  GIZMO\n" in checks["graph"].stdout
    assert [test for test in RUN if f"{test} PASSED" not in checks["tests"].stdout] == []


def test_a_noun_of_several_words_is_one_in_every_spelling(tmp_path: Path):
    copy = copied(tmp_path / "copy")

    made = run(copy, "-m", "scaffold", "noun", "odd_quality")
    graph = run(copy, "cli.py", "sdl").stdout
    lint = run(copy, "-m", "ruff", "format", "--no-cache", "--check", "--quiet", ".")

    assert made.returncode == 0, made.stderr
    assert lint.returncode == 0, lint.stdout
    assert "\ntype OddQuality implements Node {" in graph
    assert "\n  oddQuality: OddQuality!\n" in graph
    assert "\n  oddQualities(" in graph
    assert '__tablename__ = "odd_quality"' in (copy / "models/odd_quality.py").read_text()
    assert list((copy / "models/migrations/versions").glob("*_add_odd_qualities.py")) != []


@pytest.mark.parametrize(
    ("kind", "name", "sentence"),
    [
        ("noun", "", '"" cannot name a noun: give '),
        ("noun", "Gadget", '"Gadget" cannot name a noun: give '),
        ("noun", "gadget-box", '"gadget-box" cannot name a noun: give '),
        ("noun", "gadget2", '"gadget2" cannot name a noun: give '),
        ("noun", "g" * 25, f'"{"g" * 25}" cannot name a noun: give '),
        ("noun", "class", '"class" cannot name a noun: give '),
        ("noun", "list", '"list" cannot name a noun: give '),
        ("noun", "connection", "Connection or connections is a name of the hub already: "),
        ("noun", "place", "Place or places is a name of the hub already: "),
        ("noun", "node", "Node or nodes is a name of the hub already: "),
        ("noun", "scope", "Scope or scopes is a name of the hub already: "),
        ("noun", "given", "Given or givens is a name of the hub already: "),
        ("noun", "pace", "models/pace.py exists already: "),
        ("noun", "filter", '"filter" cannot name a noun: give '),
        ("noun", "kit", "schema/kit exists already: "),
        ("dialect", "", '"" cannot name a dialect: give '),
        ("dialect", "two_words", '"two_words" cannot name a dialect: give '),
        ("dialect", "informer", "rest/informer/README.md exists already: "),
        ("dialect", "keys", "tests/keys/conftest.py exists already: "),
        ("dialect", "lease", '"lease" is a word of hub/'),
        ("thing", "gadget", "Say what to write and its name: "),
    ],
)
def test_a_bad_or_taken_name_writes_nothing(copy: Path, kind: str, name: str, sentence: str):
    before = texts(copy)

    done = run(copy, "-m", "scaffold", kind, name)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1
    assert texts(copy) == before
    assert len(before) > 500
