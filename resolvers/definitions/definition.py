"""VendorDefinition: the parts of a definition together."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

import orjson
from pydantic import Field

from models.definition import FieldGroup
from resolvers.definitions.parts import (
    Account,
    Auth,
    FormField,
    Inbound,
    Option,
    Part,
    SourcePage,
    Supports,
    Verification,
)
from resolvers.definitions.words import Address, Category, Key, Line, Page, Prose, Value, Vendor


class VendorDefinition(Part):
    """The definition of a vendor. `docs`: address of the vendor's documentation.

    `features`: words for the abilities of the vendor. `extends`: parts of the reader's own product that it adds to.

    `hosts`: addresses to which the vendor has moved, or is about to. `migrate` lets stored secrets go to them too.
    """

    vendor: Vendor
    name: Line
    description: Prose = ""
    category: Category
    docs: Page | None = None
    source: Annotated[tuple[SourcePage, ...], Field(max_length=100)] = ()
    auth: Auth
    hosts: Annotated[tuple[Address, ...], Field(max_length=20)] = ()
    fields: Annotated[tuple[FormField, ...], Field(max_length=50)] = ()
    credential: dict[Key, Value] | None = None
    verification: Verification | None = None
    account: Account | None = None
    inbound: Inbound | None = None
    supports: Supports = Supports()
    features: Annotated[tuple[Line, ...], Field(max_length=50)] = ()
    extends: Annotated[tuple[Line, ...], Field(max_length=50)] = ()
    options: Annotated[tuple[Option, ...], Field(max_length=50)] = ()
    deprecated: bool = False

    def of_group(self, group: FieldGroup) -> list[FormField]:
        """The fields of one group, in the order of the form."""
        return [field for field in self.fields if field.group is group]

    def body(self) -> dict[str, Any]:
        """The stored form; values that were left out stay out."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)

    def digest(self) -> str:
        """A hash that is equal for equal definitions."""
        return hashlib.sha256(orjson.dumps(self.body(), option=orjson.OPT_SORT_KEYS)).hexdigest()
