"""A definition as a whole: read strictly, with every fault by its place."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Final

import orjson
from pydantic import Field, ValidationError

from models.definition import FieldGroup
from models.errors import InvalidInput, Path, Violation
from resolvers.definitions.consistency import faults_between
from resolvers.definitions.parts import (
    Account,
    Auth,
    FormField,
    Inbound,
    Part,
    SourcePage,
    Supports,
    Verification,
)
from resolvers.definitions.words import HTTPS_ONLY, Category, Key, Line, Page, Prose, Value, Vendor

_LARGEST: Final = 256 * 1024
_MOST_FAULTS: Final = 20


class VendorDefinition(Part):
    """The definition of a vendor. `docs`: address of the vendor's documentation."""

    vendor: Vendor
    name: Line
    description: Prose = ""
    category: Category
    docs: Page | None = None
    source: Annotated[tuple[SourcePage, ...], Field(max_length=100)] = ()
    auth: Auth
    fields: Annotated[tuple[FormField, ...], Field(max_length=50)] = ()
    credential: dict[Key, Value] | None = None
    verification: Verification | None = None
    account: Account | None = None
    inbound: Inbound | None = None
    supports: Supports = Supports()
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


def read_definition(given: object, *, of_catalogue: bool = False) -> VendorDefinition:
    """Read a definition from JSON values. `of_catalogue`: it must name its sources, and its addresses must be https.

    Raises InvalidInput with every fault, by its place in the input.
    """
    try:
        text = orjson.dumps(given)
    except TypeError as cause:
        raise InvalidInput.at((), "It has a value that JSON cannot express.") from cause
    if len(text) > _LARGEST:
        raise InvalidInput.at((), f"It must not be larger than {_LARGEST} bytes.")
    try:
        definition = VendorDefinition.model_validate_json(text, context={HTTPS_ONLY: of_catalogue})
    except ValidationError as cause:
        raise InvalidInput(_violations(cause)) from None  # pydantic's message repeats the input
    found = faults_between(definition)
    if of_catalogue and not definition.source:
        found.append(Violation(path=("source",), message="It must name the pages from which it was read."))
    if found:
        raise InvalidInput(found)
    return definition


def stored_definition(body: dict[str, Any]) -> VendorDefinition:
    """Read a stored definition. Raises InvalidInput for one of an older format that is no longer valid."""
    return read_definition(body)


def _violations(error: ValidationError) -> list[Violation]:
    found = error.errors(include_url=False, include_input=False)[:_MOST_FAULTS]
    return [Violation(path=_place(one), message=_sentence(one)) for one in found]


def _place(error: Any) -> Path:
    return tuple(str(step) for step in error["loc"] if step != "[key]")


def _sentence(error: Any) -> str:
    kind, facts = error["type"], error.get("ctx", {})
    if kind in ("enum", "literal_error"):
        return f"It must be {facts['expected']}."
    return _SENTENCES.get(kind) or f"{error['msg'].removesuffix('.')}."


_SENTENCES: Final = {
    "extra_forbidden": "This key is not allowed here.",
    "missing": "It must be given.",
    "string_type": "It must be text; put quotes around a number or a date.",
    "int_type": "It must be a whole number.",
    "bool_type": "It must be true or false.",
    "list_type": "It must be a list.",
    "dict_type": "It must be an object.",
    "model_type": "It must be an object.",
    "model_attributes_type": "It must be an object.",
}
