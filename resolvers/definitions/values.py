"""Values of a definition's fields: check them, put them into addresses, compose the standard parts of a secret."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from models.definition import FieldGroup, FieldType
from models.errors import InvalidInput, Path, Violation
from proxy.address import check_base_url, template_names
from proxy.inputs.regexes import FullMatch
from resolvers.auth_kinds import KINDS
from resolvers.definitions.consistency import templates_of
from resolvers.definitions.definition import VendorDefinition
from resolvers.definitions.parts import FormField
from resolvers.faults import TEXT, Faults, text_problem

_SAFE: Final = re.compile(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._~\-]*(:[0-9]{1,5})?")
_SLOT: Final = re.compile(r"\{([^{}]*)\}")
_INTEGER: Final = re.compile(r"-?[0-9]{1,18}")
_BOOLEANS: Final = ("true", "false")
_NOTHING: Final = (None, "")
_LONG_TEXT: Final = 64 * 1024


def check_values(faults: Faults, fields: Sequence[FormField], values: Mapping[str, Any], where: Path) -> None:
    """Add faults at `where` + the field's key: missing values, or values that do not fit. Other names are ignored."""
    for field in fields:
        value = values.get(field.key)
        if value in _NOTHING:
            faults.check(not field.required, (*where, field.key), f"{field.label} must be given.")
        elif problem := _problem(field, value):
            faults.add((*where, field.key), problem)


def check_parameters(
    faults: Faults, definition: VendorDefinition, values: Mapping[str, Any], own: Collection[str] = ()
) -> None:
    """Add faults at `auth.parameters`: of PARAMETER fields, and of values that cannot be part of an address.

    `own`: names of the definition's addresses that the integration replaces by its own. Parameters that only they use
    may be left out.
    """
    where = ("auth", "parameters")
    replaced, used = _by_use(definition, own)
    spared = {name for text in replaced for name in template_names(text)}
    spared -= {name for text in used.values() for name in template_names(text)}
    fields = [
        field
        for field in definition.of_group(FieldGroup.PARAMETER)
        if field.key not in spared or values.get(field.key) not in _NOTHING
    ]
    found = Faults()
    check_values(found, fields, values, where)
    if not found.found:
        found.found = _misfits([text for place, text in used.items() if place[0] == "auth"], values, where)
    for fault in found.found:
        faults.add(fault.path, fault.message)


def fill_address(template: str, values: Mapping[str, Any], where: Path = ("parameters",)) -> str:
    """The address with its `{…}` replaced by values. No value can lead to another host or path.

    Raises InvalidInput at `where` + the name.
    """
    for name in template_names(template):
        value = as_text(values.get(name))
        judged = _SLOT.sub("x", template.replace(f"{{{name}}}", value))
        if not _SAFE.fullmatch(value) or check_base_url(judged):
            raise InvalidInput.at((*where, name), "It is used in an address, and this value cannot be part of one.")
        template = template.replace(f"{{{name}}}", value)
    return template


def _by_use(definition: VendorDefinition, own: Collection[str]) -> tuple[list[str], dict[Path, str]]:
    """The templates that the integration's own addresses replace, and those that are used, by place."""
    templates = dict(templates_of(definition))
    replaced = [templates.pop(place) for name in own if (place := ("auth", name)) in templates]
    return replaced, templates


def _misfits(templates: Sequence[str], values: Mapping[str, Any], where: Path) -> list[Violation]:
    """A fault for each value that cannot be part of an address; one for each value, not for each address."""
    found: dict[Path, Violation] = {}
    for template in templates:
        try:
            fill_address(template, values, where)
        except InvalidInput as refusal:
            found |= {fault.path: fault for fault in refusal.violations}
    return list(found.values())


def compose(definition: VendorDefinition, fields: Mapping[str, Any]) -> dict[str, str]:
    """The standard parts of a secret, such as `username` and `password`, from the values of its fields."""
    known = {field.key for field in definition.of_group(FieldGroup.SECRET)}
    texts = {key: as_text(fields.get(key)) for key in known}
    parts = {}
    for part in KINDS[definition.auth.type].entered:
        template = (definition.credential or {}).get(part.name, f"{{{part.name}}}")
        parts[part.name] = _SLOT.sub(lambda match: texts.get(match[1], ""), template)
    return parts


def as_text(value: Any) -> str:
    """A value of a form as text of an address or a secret."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _problem(field: FormField, value: Any) -> str | None:
    text = as_text(value)
    if field.type is FieldType.INTEGER:
        fits = not isinstance(value, bool | float | list | dict) and _INTEGER.fullmatch(text)
        return None if fits else "It must be a whole number."
    if field.type is FieldType.BOOLEAN:
        return None if isinstance(value, bool) or value in _BOOLEANS else "It must be true or false."
    if not isinstance(value, str):
        return "It must be text."
    if field.type is FieldType.SELECT:
        return None if value in field.options else f"It must be one of {', '.join(field.options)}."
    most = _LONG_TEXT if field.group is FieldGroup.SECRET else TEXT
    if problem := text_problem(value):
        return problem
    if len(value) > most:
        return f"It must not be longer than {most} characters."
    return None if field.pattern is None else _mismatch(field.pattern, value)


def _mismatch(pattern: str, text: str) -> str | None:
    match = FullMatch.of(pattern)
    if match is None:
        return f"The definition's pattern {pattern} cannot be used; its author must write it as a simpler regex."
    if len(text) > FullMatch.LONGEST_TEXT:
        return f"It has a pattern, so it must not be longer than {FullMatch.LONGEST_TEXT} characters."
    return None if match.matches(text) else f"It does not match {pattern}."
