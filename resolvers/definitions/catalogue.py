"""The catalogue: a folder with one file for each vendor, read and checked before anything starts."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from models.errors import InvalidInput
from resolvers.definitions.definition import VendorDefinition
from resolvers.definitions.reading import read_definition

_TIMESTAMP: Final = "tag:yaml.org,2002:timestamp"


def read_catalogue(folder: Path) -> Sequence[VendorDefinition]:
    """Every definition of a folder, by vendor. Raises ValueError that names file, key and fault."""
    if not folder.is_dir():
        raise ValueError(f"There is no catalogue of vendors at {folder}.")
    return [read_file(file) for file in sorted(folder.glob("*.yaml"))]


def read_file(file: Path) -> VendorDefinition:
    """The definition in a file. Raises ValueError like `read_catalogue`."""
    where = f"{file.parent.name}/{file.name}"
    try:
        given = yaml.load(file.read_bytes(), _Loader)  # noqa: S506  a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError) as cause:
        raise ValueError(f"{where} cannot be read as YAML: {_one_line(cause)}.") from cause
    try:
        definition = read_definition(given, of_catalogue=True)
    except InvalidInput as refusal:
        faults = (f"{'.'.join(fault.path) or 'the file'}: {fault.message}" for fault in refusal.violations)
        raise ValueError(f"{where} is not a valid definition. {' '.join(faults)}") from refusal
    if definition.vendor != file.stem:
        raise ValueError(f"{where} is not a valid definition. vendor: It must be the file's name, {file.stem}.")
    return definition


class _Loader(yaml.SafeLoader):
    """A loader that keeps dates as text and refuses a repeated key."""

    yaml_implicit_resolvers = {  # noqa: RUF012  the base class declares it so
        letter: [(tag, regexp) for tag, regexp in resolvers if tag != _TIMESTAMP]
        for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value in seen:
                message = f"{key.value} is given twice" if isinstance(key, yaml.ScalarNode) else "A key must be text"
                raise yaml.constructor.ConstructorError(None, None, message, key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
