"""Definitions as rows: written from what was read, and read again."""

from __future__ import annotations

from functools import lru_cache

import orjson

from models.errors import InvalidInput
from models.row import name_key
from models.tables import Definition
from resolvers.definitions.definition import VendorDefinition, stored_definition


def new_row(definition: VendorDefinition, organization_id: str | None) -> Definition:
    """A row of an organization, or of none: it came with the hub."""
    row = Definition(organization_id=organization_id, vendor=definition.vendor, name_key=name_key(definition.name))
    write_row(row, definition)
    return row


def write_row(row: Definition, definition: VendorDefinition) -> None:
    """Put a definition into its row."""
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
    """What a row says; None where there is none, or where it no longer is what a definition must be."""
    return None if row is None else _read(row.digest, orjson.dumps(row.body))


@lru_cache(maxsize=256)
def _read(_digest: str, body: bytes) -> VendorDefinition | None:
    try:
        return stored_definition(orjson.loads(body))
    except InvalidInput:
        return None
