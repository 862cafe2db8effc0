"""The kinds of jobs that a worker runs: every room's table is found."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

import pytest

import resolvers
from hub.working import background
from resolvers.background import Background
from resolvers.jobs import background as of_jobs


def test_no_table_of_jobs_is_left_out():
    modules = [importlib.import_module(one.name) for one in pkgutil.walk_packages(resolvers.__path__, "resolvers.")]

    declared = {name: module.__name__ for module in modules for name in _kinds_in(module)}

    assert len(declared) >= 10
    assert {name: module for name, module in declared.items() if name not in background()} == {}


def test_refuses_a_kind_that_two_rooms_have(monkeypatch):
    monkeypatch.setitem(of_jobs.BACKGROUND, "upload.expire", of_jobs.BACKGROUND["job.remove"])

    with pytest.raises(ValueError, match=r"resolvers\.uploads and another room both name a job upload\.expire"):
        background()


def _kinds_in(module: ModuleType) -> list[str]:
    tables = [value for value in vars(module).values() if isinstance(value, dict)]
    return [name for table in tables for name, one in table.items() if isinstance(one, Background)]
