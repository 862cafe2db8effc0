"""The rules of the house, checked over every file; and each check, on text that breaks it."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.harness import architecture as rules

ROOT = Path(__file__).parents[1]
MIGRATIONS = "models/migrations/versions/"
FOREIGN = {"node_modules", "__pycache__", "dist"}
TEXT = {".cfg", ".css", ".graphql", ".html", ".http", ".in", ".ini", ".js", ".json", ".lock", ".mako", ".md",
        ".mjs", ".py", ".sh", ".sql", ".toml", ".ts", ".txt", ".yaml", ".yml", ""}  # fmt: skip

SIZE = (
    rules.too_long_a_file,
    rules.too_long_a_function,
    rules.too_deep,
    rules.lacks_a_docstring,
    rules.has_an_empty_docstring,
)
PRODUCT = (
    rules.reads_the_environment,
    rules.catches_everything,
    rules.opens_a_transaction,
    rules.signs_as_the_operator,
    rules.imports_strawberry,
    rules.names_a_dialect,
    rules.has_a_vague_name,
)
TESTS = (rules.fakes_what_is_ours,)
LONG = "def f():\n" + "    x = 1\n" * 40
DEEP = (
    "def f(a):\n    for b in a:\n        if b:\n            while b:\n                try:\n                    b()\n"
    "                finally:\n                    pass\n"
)
ELIFS = "def f(a):\n    if a == 1:\n        pass\n" + "    elif a:\n        pass\n" * 5


def files() -> dict[str, str]:
    """Every text file that is ours, by its path from the root."""
    found = {}
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        hidden = any(part.startswith(".") for part in parts[:-1]) and parts[0] != ".ci"
        if path.is_file() and not hidden and path.name != ".git" and not FOREIGN & set(parts) and path.suffix in TEXT:
            found["/".join(parts)] = path.read_text(encoding="utf-8")
    return found


FILES = files()
PYTHON = {path: text for path, text in FILES.items() if path.endswith(".py")}
OURS = {path: text for path, text in PYTHON.items() if not path.startswith(("tests/", "benches/", MIGRATIONS))}


@pytest.mark.parametrize("rule", SIZE, ids=lambda rule: rule.__name__)
def test_every_module_is_short_and_says_what_it_is_for(rule):
    broken = [fault for path, text in PYTHON.items() if not path.startswith(MIGRATIONS) for fault in rule(path, text)]

    assert broken == []


@pytest.mark.parametrize("rule", PRODUCT, ids=lambda rule: rule.__name__)
def test_the_product_keeps_the_rules_of_the_house(rule):
    broken = [fault for path, text in OURS.items() for fault in rule(path, text)]

    assert broken == []


@pytest.mark.parametrize("rule", TESTS, ids=lambda rule: rule.__name__)
def test_the_tests_keep_theirs(rule):
    broken = [fault for path, text in PYTHON.items() if path.startswith("tests/") for fault in rule(path, text)]

    assert broken == []


def test_no_file_names_a_place_of_one_machine():
    assert [fault for path, text in FILES.items() for fault in rules.names_a_place_of_this_machine(path, text)] == []


def test_locks_name_no_host():
    locks = {path: text for path, text in FILES.items() if path.endswith(".lock")}

    assert sorted(locks) == ["requirements-dev.lock", "requirements.lock"]
    assert [fault for path, text in locks.items() for fault in rules.names_a_host_in_a_lock(path, text)] == []


def test_npm_locks_name_no_place_to_install_from():
    locks = {path: text for path, text in FILES.items() if path.endswith("package-lock.json")}

    assert sorted(locks) == ["tests/node/package-lock.json", "web/graphiql/package-lock.json"]
    assert [path for path, text in locks.items() if '"resolved"' in text] == []


def test_what_is_tested_is_what_runs():
    run, test = rules.pins(FILES["requirements.lock"]), rules.pins(FILES["requirements-dev.lock"])

    assert len(run) > 20
    assert run - test == set()


def test_the_manual_names_tests_that_exist():
    pages = FILES["docs/robustness.md"] + FILES["docs/compatibility.md"]
    named = set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", pages))

    assert len(named) > 100
    assert [(path, test) for path, test in named if f"def {test}" not in FILES.get(path, "") and test] == []
    assert [path for path, _ in named if path not in FILES] == []


def test_the_manual_says_of_every_folder_what_stands_there():
    page = FILES["docs/where-things-are.md"]
    told = re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)
    folders = {str(Path(path).parent) for path in FILES}

    assert sorted(told) == sorted(folders)


def test_the_pages_of_the_manual_lead_to_pages_that_exist():
    pages = {path: text for path, text in FILES.items() if path.endswith(".md")}
    links = [
        (path, target)
        for path, text in pages.items()
        for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)#]+)", text)
        if not (ROOT / path).parent.joinpath(target).exists()
    ]

    assert links == []


def test_the_manual_names_files_that_exist():
    pages = {path: text for path, text in FILES.items() if path.endswith(".md") and path != "CHANGELOG.md"}
    named = {
        (path, name)
        for path, text in pages.items()
        for name in re.findall(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|md|toml|yaml|css|graphql))`", text)
    }

    assert len(named) > 50
    assert [(page, name) for page, name in named if not any(f"/{path}".endswith(f"/{name}") for path in FILES)] == []


def test_every_run_loop_that_may_catch_everything_does():
    def caught(path: str) -> list[str]:
        return list(rules.catches_everything(f"elsewhere/{path}", FILES[path]))

    assert [path for path in rules.RUN_LOOPS if not caught(path)] == []


def test_every_dialect_is_a_word_that_others_may_not_say():
    dialects = {path.split("/")[1] for path in PYTHON if re.fullmatch(r"rest/\w+/routes\.py", path)}

    assert len(dialects) >= 2
    assert [name for name in dialects if not list(rules.names_a_dialect("hub/a.py", name))] == []


def test_imports_go_one_way():
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"

    done = subprocess.run([sys.executable, "-c", program, "--no-cache"], cwd=ROOT, capture_output=True, text=True)

    assert "0 broken." in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0


def test_every_package_is_watched():
    linter = tomllib.loads(FILES["pyproject.toml"])["tool"]["importlinter"]
    packages = {path.split("/")[0] for path in FILES if path.count("/") == 1 and path.endswith("/__init__.py")}

    wiring = next(contract for contract in linter["contracts"] if "server" in contract.get("forbidden_modules", []))

    assert set(linter["root_packages"]) == packages - {"tests", "benches"}
    assert set(wiring["source_modules"]) == set(linter["root_packages"])


@pytest.mark.parametrize(
    ("rule", "path", "text", "faults"),
    [
        (rules.too_long_a_file, "a.py", "\n" * 300, []),
        (rules.too_long_a_file, "a.py", "\n" * 301, ["a.py has 301 lines"]),
        (rules.too_long_a_function, "a.py", LONG[:-10], []),
        (rules.too_long_a_function, "a.py", LONG, ["a.py:1 f has 41 lines"]),
        (rules.too_long_a_function, "a.py", "class C:\n    async " + LONG.replace("\n    ", "\n        "),
         ["a.py:2 f has 41 lines"]),
        (rules.too_deep, "a.py", DEEP, ["a.py:1 f is nested 4 deep"]),
        (rules.too_deep, "a.py", ELIFS, []),
        (rules.reads_the_environment, "a.py", "import os\nos.environ['A']", ["a.py:2 reads the environment"]),
        (rules.reads_the_environment, "a.py", "from os import getenv", ["a.py:1 reads the environment"]),
        (rules.reads_the_environment, "settings.py", "import os\nos.getenv('A')", []),
        (rules.catches_everything, "a.py", "try:\n    f()\nexcept Exception:\n    pass",
         ["a.py:3 catches everything"]),
        (rules.catches_everything, "a.py", "try:\n    f()\nexcept:\n    pass", ["a.py:3 catches everything"]),
        (rules.catches_everything, "a.py", "try:\n    f()\nexcept (OSError, BaseException):\n    pass",
         ["a.py:3 catches everything"]),
        (rules.catches_everything, "a.py", "try:\n    f()\nexcept OSError:\n    pass", []),
        (rules.opens_a_transaction, "rest/a.py", "async def f(s):\n    await s.commit()",
         ["rest/a.py:2 calls commit"]),
        (rules.opens_a_transaction, "rest/a.py", "s = orm.AsyncSession(e)", ["rest/a.py:1 calls AsyncSession"]),
        (rules.opens_a_transaction, "resolvers/operation.py", "s.commit()", []),
        (rules.signs_as_the_operator, "worker.py", "f(Caller.operator(hub))",
         ["worker.py:1 signs as the operator"]),
        (rules.signs_as_the_operator, "commands/running.py", "f(Caller.operator(hub))", []),
        (rules.imports_strawberry, "server.py", "from strawberry.asgi import GraphQL",
         ["server.py:1 imports strawberry"]),
        (rules.imports_strawberry, "schema/a.py", "import strawberry", []),
        (rules.names_a_dialect, "web/a.py", "INFORMER_CALLBACK = read_gitbook(CycleClient, donutwork)",
         ["web/a.py:1 names INFORMER", "web/a.py:1 names gitbook", "web/a.py:1 names Cycle",
          "web/a.py:1 names donutwork"]),
        (rules.names_a_dialect, "schema/a.py", 'name = column(\n    "Celigo\'s name."\n)',
         ["schema/a.py:2 names Celigo"]),
        (rules.names_a_dialect, "jobs/a.py", "# A life-cycle, or lifecycle, in cycles.\nLIFE_CYCLE = 1", []),
        (rules.names_a_dialect, "rest/informer/a.py", "Source.INFORMER", []),
        (rules.names_a_dialect, "models/vocabulary.py", '    CYCLE = "CYCLE"\n    APP = "CYCLE"',
         ["models/vocabulary.py:2 names CYCLE"]),
        (rules.fakes_what_is_ours, "tests/a.py", "from unittest.mock import patch",
         ["tests/a.py:1 imports unittest.mock"]),
        (rules.fakes_what_is_ours, "tests/a.py", "from unittest import mock", ["tests/a.py:1 imports mock"]),
        (rules.fakes_what_is_ours, "tests/a.py", "from starlette.testclient import TestClient",
         ["tests/a.py:1 imports TestClient"]),
        (rules.lacks_a_docstring, "a.py", "def f(): ...\ndef _g(): ...\n",
         ["a.py has no docstring", "a.py:1 f has no docstring"]),
        (rules.lacks_a_docstring, "a.py", '"""A."""\nclass C: ...\n', ["a.py:2 C has no docstring"]),
        (rules.lacks_a_docstring, "tests/a.py", '"""A."""\ndef test(): ...\n', []),
        (rules.lacks_a_docstring, "a/__init__.py", "", []),
        (rules.lacks_a_docstring, "schema/a.py", '"""A."""\n@strawberry.input(description="B.")\nclass C: ...\n', []),
        (rules.lacks_a_docstring, "schema/a.py", '"""A."""\n@view(Row, "A row.")\nclass C: ...\n', []),
        (rules.lacks_a_docstring, "schema/a.py", '"""A."""\n@strawberry.type\nclass C: ...\n',
         ["schema/a.py:3 C has no docstring"]),
        (rules.lacks_a_docstring, "schema/a.py", '"""A."""\n@node(Row)\nclass C: ...\n',
         ["schema/a.py:3 C has no docstring"]),
        (rules.has_an_empty_docstring, "a.py", 'class C:\n    def f():\n        """See `a.Driver.f`."""',
         ["a.py:2 C.f has a docstring that says nothing"]),
        (rules.has_an_empty_docstring, "a.py", 'def f():\n    """See `a.f`. It waits for other writers."""', []),
        (rules.has_an_empty_docstring, "a.py", 'def list_places():\n    """List all of the places."""',
         ["a.py:1 list_places has a docstring that says nothing"]),
        (rules.has_an_empty_docstring, "a.py", 'class PlaceKind:\n    """Kinds of a place."""',
         ["a.py:1 PlaceKind has a docstring that says nothing"]),
        (rules.has_an_empty_docstring, "a.py", 'def list_places():\n    """List the places, newest first."""', []),
        (rules.has_a_vague_name, "a.py", "class TokenManager: ...", ["a.py names something Manager"]),
        (rules.has_a_vague_name, "proxy/utils.py", "", ["proxy/utils.py names something Utils"]),
        (rules.has_a_vague_name, "models/database.py", "class Database: ...\nclass Base64Body: ...", []),
        (rules.names_a_place_of_this_machine, "a.md", "\nsee /" + "tmp/x",
         ["a.md:2 names a directory of one machine"]),
        (rules.names_a_place_of_this_machine, "a.md", "https://example.com/work/items", []),
        (rules.names_a_host_in_a_lock, "a.lock", "a==1\n--index-url https://a",
         ["a.lock:2 names a place to install from"]),
        (rules.names_a_host_in_a_lock, "a.lock", "a @ https://x/a.whl", ["a.lock:1 names a place to install from"]),
    ],
)  # fmt: skip
def test_each_check_finds_what_it_is_for(rule, path, text, faults):
    assert list(rule(path, text)) == faults
