"""The packages of pyproject.toml: each is imported by the product, and each import is of one of them."""

from __future__ import annotations

import ast
import re
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: No import, but a name that is looked up.
NAMED = {
    "aiosqlite": "SQLAlchemy's driver, in sqlite+aiosqlite://",
    "python-multipart": "Starlette's parser of forms",
    "tzdata": "the rules of time zones, read as files",
}
#: Imported as a part of a package that is listed.
PARTS = {"pydantic-core": "pydantic"}
ELSEWHERE = {"tests", "benches", "node_modules"}


def listed() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {_name(requirement) for requirement in project["dependencies"]}


def imported() -> set[str]:
    """The distributions of all modules that the product imports, but for its own and the standard library's."""
    known = packages_distributions()
    return {_name(one) for path in _product() for module in _modules(path) for one in known.get(module, ())}


def test_every_listed_package_is_imported():
    assert listed() - imported() == NAMED.keys()


def test_every_imported_package_is_listed():
    assert imported() - listed() == PARTS.keys()
    assert set(PARTS.values()) <= listed()


def _product() -> list[Path]:
    paths = (path.relative_to(ROOT) for path in ROOT.rglob("*.py"))
    return [ROOT / path for path in paths if not path.parts[0].startswith(".") and ELSEWHERE.isdisjoint(path.parts)]


def _modules(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add((node.module or "").split(".")[0])
    return found


def _name(requirement: str) -> str:
    """PEP 503's form of the name alone."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", requirement)[0]).lower()
