"""Reading a definition from JSON: strictly, with every fault at its place."""

from __future__ import annotations

from typing import Any, Final

import orjson
from pydantic import ValidationError

from models.errors import InvalidInput, Path, Violation
from proxy.expressions import Budget
from resolvers.definitions.consistency import faults_between
from resolvers.definitions.definition import VendorDefinition
from resolvers.definitions.words import BUDGET, HTTPS_ONLY

_LARGEST: Final = 256 * 1024
_USUAL_BUDGET: Final = Budget()


def read_definition(
    given: object, *, of_catalogue: bool = False, budget: Budget | None = _USUAL_BUDGET
) -> VendorDefinition:
    """Read a definition from JSON values. `of_catalogue`: it must name its sources, and its addresses must be https.

    `budget`: of its expressions; None leaves expressions and regexes unchecked. Raises InvalidInput with every fault,
    by its place in the input.
    """
    try:
        text = orjson.dumps(given)
    except TypeError as cause:
        raise InvalidInput.at((), "It has a value that JSON cannot express.") from cause
    if len(text) > _LARGEST:
        raise InvalidInput.at((), f"It must not be larger than {_LARGEST} bytes.")
    try:
        definition = VendorDefinition.model_validate_json(text, context={HTTPS_ONLY: of_catalogue, BUDGET: budget})
    except ValidationError as cause:
        raise InvalidInput(_violations(cause)) from None  # pydantic's message repeats the input
    found = faults_between(definition)
    if of_catalogue and not definition.source:
        found.append(Violation(path=("source",), message="It must name the pages from which it was read."))
    if found:
        raise InvalidInput(found)
    return definition


def stored_definition(body: dict[str, Any]) -> VendorDefinition:
    """Read a stored definition. Raises InvalidInput for one of an older format that is no longer valid.

    Its expressions and regexes were checked when it was saved. If one is no longer allowed, evaluating it is refused.
    """
    return read_definition(body, budget=None)


def _violations(error: ValidationError) -> list[Violation]:
    found = error.errors(include_url=False, include_input=False)
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
