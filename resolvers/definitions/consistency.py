"""Consistency of a definition: rules between its parts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from models.definition import FieldGroup, FieldType
from models.errors import Path, Violation
from models.origins import origin_of
from proxy.address import template_names
from proxy.headers import check_header, twins
from proxy.inputs.regexes import FullMatch
from proxy.oauth import check_token_parameter
from resolvers.auth_kinds import KINDS
from resolvers.definitions.definition import VendorDefinition
from resolvers.definitions.parts import FormField, Request
from resolvers.definitions.scope_rules import scope_faults
from resolvers.faults import NAME

_SIGNED: Final = frozenset({"timestamp", "body", "id", "url", "method"})
_ADDRESSES: Final = ("apiBaseUrl", "authorizationUrl", "tokenUrl", "revocationUrl", "issuer", "userinfoUrl")
_SLOT: Final = re.compile(r"\{([^{}]*)\}")
_OPTION_TYPES: Final[Mapping[str, type]] = {"BOOLEAN": bool, "INTEGER": int, "STRING": str}
_SNAKE: Final = re.compile(r"(?<!^)(?=[A-Z])")


def faults_between(definition: VendorDefinition) -> list[Violation]:
    """Every fault between values of a definition, with its place."""
    rules = (_auth, _fields, _options, _slots, _hosts, _credential, _requests, _headers, _inbound, scope_faults)
    return [Violation(path=path, message=message) for rule in rules for path, message in rule(definition)]


def slots_of(template: str) -> list[str]:
    """The names in braces."""
    return _SLOT.findall(template)


Faults = Iterator[tuple[Path, str]]


def _auth(definition: VendorDefinition) -> Faults:
    auth = definition.auth
    for name in KINDS[auth.type].addresses:
        if _address(definition, name) is None:
            yield ("auth", name), f"{auth.type} needs it."
    if auth.api_key is not None and not KINDS[auth.type].has_key_name:
        yield ("auth", "apiKey"), f"It is for API_KEY, not for {auth.type}."
    for name, value in auth.token_parameters.items():
        if problem := check_token_parameter(name, value):
            yield ("auth", "tokenParameters", name), problem
    if auth.authorization_response_iss_parameter_supported and auth.issuer is None:
        yield ("auth", "issuer"), "authorizationResponseIssParameterSupported needs it."


def _fields(definition: VendorDefinition) -> Faults:
    seen: set[str] = set()
    for index, field in enumerate(definition.fields):
        where = ("fields", str(index))
        if field.key in seen:
            yield (*where, "key"), f"Another field has the key {field.key} already."
        seen.add(field.key)
        for name, message in _field(field):
            yield (*where, name), message


def _field(field: FormField) -> Iterator[tuple[str, str]]:
    if bool(field.options) is not (field.type is FieldType.SELECT):
        yield "options", "A SELECT needs options; no other type has any."
    if field.pattern is not None and field.type in (FieldType.INTEGER, FieldType.BOOLEAN):
        yield "pattern", f"A field of type {field.type} cannot have a pattern."
    elif (match := FullMatch.of(field.pattern or ".*")) and not all(map(match.matches, field.options)):
        yield "options", "Each option must match the pattern."
    if field.group is FieldGroup.PARAMETER and field.is_secret:
        yield "secret", "A PARAMETER is readable; use the group SECRET."


def _options(definition: VendorDefinition) -> Faults:
    seen: set[str] = set()
    for index, option in enumerate(definition.options):
        where = ("options", str(index))
        if option.key in seen:
            yield (*where, "key"), f"Another option has the key {option.key} already."
        seen.add(option.key)
        default = option.default
        if default is not None and type(default) is not _OPTION_TYPES[option.type]:
            yield (*where, "default"), f"It must be of the option's type, {option.type}."
        elif isinstance(default, str) and len(default) > NAME:
            yield (*where, "default"), f"It must not be longer than {NAME} characters."


def _slots(definition: VendorDefinition) -> Faults:
    """Rule: a parameter in an address is required and never free text."""
    for place, text in templates_of(definition):
        for name in template_names(text):
            field = _parameter(definition, name)
            if field is None:
                yield place, f"{{{name}}} is no field of the group PARAMETER."
            elif not field.required or not (field.pattern or field.options):
                yield place, f"{{{name}}} is part of an address: it must be required, and have a pattern or options."


def _hosts(definition: VendorDefinition) -> Faults:
    for index, host in enumerate(definition.hosts):
        if origin_of(host) is None or template_names(host):
            yield ("hosts", str(index)), "It must be an address without parameters."


def templates_of(definition: VendorDefinition) -> Iterator[tuple[Path, str]]:
    """Every address and path that may hold parameters, with its place in the definition."""
    for name in _ADDRESSES:
        address = _address(definition, name)
        if address is not None:
            yield ("auth", name), address
    for place, request in _all_requests(definition):
        yield (*place, "path"), request.path


def _credential(definition: VendorDefinition) -> Faults:
    standard = [part.name for part in KINDS[definition.auth.type].entered]
    given = definition.credential
    known = {field.key for field in definition.of_group(FieldGroup.SECRET)}
    for part, template in (given or {}).items():
        if part not in standard:
            yield ("credential", part), f"The parts of {definition.auth.type} are: {', '.join(standard) or 'none'}."
        for name in slots_of(template):
            if name not in known:
                yield ("credential", part), f"{{{name}}} is no field of the group SECRET."
    if not known:
        return
    for part in standard:
        if part not in known and part not in (given or {}):
            yield ("credential",), f"The {part} is missing: add a field with this key, or a template here."


def _requests(definition: VendorDefinition) -> Faults:
    for place, request in _all_requests(definition):
        if request.body is not None and request.method == "GET":
            yield (*place, "body"), "A GET has no body; use POST."


def _headers(definition: VendorDefinition) -> Faults:
    groups: list[tuple[Path, Mapping[str, str]]] = [(("auth", "headers"), definition.auth.headers)]
    groups += [((*place, "headers"), request.headers) for place, request in _all_requests(definition)]
    for place, headers in groups:
        for name in headers:
            problem = check_header(name, "")
            if problem:
                yield (*place, name), problem
        for index, problem in twins(list(headers)):
            yield (*place, list(headers)[index]), problem
    key = definition.auth.api_key
    if key is not None and (problem := check_header(key.name, "x")):
        yield ("auth", "apiKey", "name"), problem


def _inbound(definition: VendorDefinition) -> Faults:
    inbound = definition.inbound
    if inbound is None:
        return
    if inbound.header is None and inbound.scheme != "standard-webhooks":
        yield ("inbound", "header"), f"{inbound.scheme} needs it."
    for key, name in (("header", inbound.header), ("timestampHeader", inbound.timestamp_header)):
        if name is not None and (problem := check_header(name, "x")):
            yield ("inbound", key), problem
    unknown = [name for name in slots_of(inbound.signed_content) if name not in _SIGNED]
    if unknown or "body" not in slots_of(inbound.signed_content):
        names = ", ".join(f"{{{name}}}" for name in sorted(_SIGNED))
        yield ("inbound", "signedContent"), f"It must have {{body}}; allowed names are {names}."


def _all_requests(definition: VendorDefinition) -> Iterator[tuple[Path, Request]]:
    if definition.verification is not None:
        yield ("verification", "request"), definition.verification.request
    if definition.account is not None:
        yield ("account", "request"), definition.account.request


def _parameter(definition: VendorDefinition, key: str) -> FormField | None:
    return next((field for field in definition.of_group(FieldGroup.PARAMETER) if field.key == key), None)


def _address(definition: VendorDefinition, name: str) -> str | None:
    value: str | None = getattr(definition.auth, _SNAKE.sub("_", name).lower())
    return value
