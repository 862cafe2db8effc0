"""The words of a dialect cover every auth type of the hub."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import pytest

import rest
from models.vocabulary import AuthType


def _tables() -> Iterator[tuple[str, Mapping[Any, Any]]]:
    """Every constant that maps auth types, once, by the name of the first module that has it."""
    seen: set[int] = set()
    for module in walk_packages(rest.__path__, "rest."):
        for name, value in vars(import_module(module.name)).items():
            if (
                isinstance(value, Mapping)
                and any(isinstance(key, AuthType) for key in value)
                and id(value) not in seen
            ):
                seen.add(id(value))
                yield f"{module.name}.{name}", value


TABLES = dict(_tables())


def test_finds_the_tables():
    assert "rest.informer.words.SHOWN_AUTH_TYPE" in TABLES


@pytest.mark.parametrize("name", TABLES)
def test_has_a_word_for_every_auth_type(name: str):
    assert set(TABLES[name]) == set(AuthType)
