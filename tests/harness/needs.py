"""A pytest plug-in: leaves out tests whose needs the machine lacks, and says so.

CI installs every program, so a missing one is a failure there. The vendors' pages are not in this repository: tests
that judge by them are left out without them, in CI too.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_left_out = pytest.StashKey[Counter[str]]()


@functools.cache
def chromium() -> str | None:
    """The path of a Chromium."""
    return next(filter(None, map(shutil.which, _BROWSERS)), None)


@functools.cache
def node() -> str | None:
    """The path of a Node that is new enough for what is built and tested with it."""
    path = shutil.which("node")
    if path is None or shutil.which("npm") is None:
        return None
    text = subprocess.run([path, "--version"], check=True, capture_output=True, text=True, timeout=30).stdout
    major, minor, *_ = map(int, text.strip().lstrip("v").split("-")[0].split("."))
    return path if major > 22 or (major == 22 and minor >= 12) or (major == 20 and minor >= 19) else None


@functools.cache
def contracts() -> str | None:
    """The folder of the vendors' pages."""
    path = os.environ.get("PATCHBAY_CONTRACTS")
    return path if path and os.path.isdir(path) else None


_PROGRAMS = {
    "chromium": (chromium, "Chromium (on Debian: apt-get install chromium)"),
    "node": (node, "Node 20.19, 22.12 or newer, with npm (https://nodejs.org)"),
}
_NEEDS = {**_PROGRAMS, "contracts": (contracts, "the vendors' pages (name their folder in PATCHBAY_CONTRACTS)")}


def pytest_configure(config: pytest.Config) -> None:
    """Declares the marker."""
    config.addinivalue_line("markers", f"needs(*names): what must be there, of {', '.join(_NEEDS)}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out tests that cannot run here. In CI a test without its program stays, and fails in its setup."""
    left = [item for item in items if _lacking(item) and not (os.environ.get("CI") and _lacking(item, _PROGRAMS))]
    config.stash[_left_out] = Counter(_lacking(item) for item in left)
    if left:
        items[:] = [item for item in items if item not in set(left)]
        config.hook.pytest_deselected(items=left)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fails what got here without what it needs, before any fixture does in other words."""
    if lacking := _lacking(item, _PROGRAMS):
        pytest.fail(f"CI runs every test, and this one needs {lacking}.", pytrace=False)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hands the count from a worker of pytest-xdist to the summary: all workers collect the same tests."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = dict(session.config.stash.get(_left_out, Counter()))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Receives that count."""
    node.config.stash[_left_out] = Counter(getattr(node, "workeroutput", {}).get("left_out", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Says what was left out, and how to change that."""
    for lacking, count in config.stash.get(_left_out, Counter()).items():
        sentence = f"WARNING: tests that were left out: {count}. They need {lacking}."
        terminalreporter.write_line(sentence, yellow=True, bold=True)


def _lacking(item: pytest.Item, of: Mapping[str, tuple[Callable[[], str | None], str]] = _NEEDS) -> str:
    """What the test needs and this machine has not, as words."""
    wanted = {name for marker in item.iter_markers("needs") for name in marker.args}
    return " and ".join(words for name, (find, words) in of.items() if name in wanted and not find())
