"""Definitions as rows: write and read them."""

from __future__ import annotations

from functools import lru_cache

import orjson

from models.errors import InvalidInput
from models.row import name_key
from models.tables import Definition
from resolvers.definitions.definition import VendorDefinition
from resolvers.definitions.reading import stored_definition


def new_row(definition: VendorDefinition, organization_id: str | None) -> Definition:
    """A row of an organization; without one, built-in."""
    row = Definition(organization_id=organization_id, vendor=definition.vendor, name_key=name_key(definition.name))
    write_row(row, definition)
    return row


def write_row(row: Definition, definition: VendorDefinition) -> None:
    """Write a definition into its row."""
    row.name = definition.name
    row.name_key = name_key(definition.name)
    row.category = definition.category
    row.auth_type = definition.auth.type
    row.digest = definition.digest()
    row.body = definition.body()
    row.supports_upload = definition.supports.upload
    row.requires_verification = definition.verification is not None and definition.verification.required
    row.deprecated = definition.deprecated


def definition_of(row: Definition | None) -> VendorDefinition | None:
    """The definition in a row; None without a row, or if its format is no longer valid."""
    return None if row is None else _read(row.digest, orjson.dumps(row.body))


@lru_cache(maxsize=256)
def _read(_digest: str, body: bytes) -> VendorDefinition | None:
    try:
        return stored_definition(orjson.loads(body))
    except InvalidInput:
        return None
