"""Check a given integration: every fault, in the order of the input."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from models.vocabulary import AuthType
from resolvers.capabilities.manifest import check_capabilities
from resolvers.definitions.definition import VendorDefinition
from resolvers.definitions.secret import check_fields, composed
from resolvers.definitions.values import check_parameters
from resolvers.faults import ADDRESS, LONG_TEXT, NAME, TEXT, WORD, Faults
from resolvers.integrations.auth import IntegrationAuth, check_auth
from resolvers.secret import Secret, check_fits, check_secret
from resolvers.unset import UNSET, Unset

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
#: A change of these cannot be null. For a new integration, null means none.
_NEVER_CLEARED: Final = ("auth", "secret")


def check_integration(
    given: Any,
    definition: VendorDefinition | None,
    *,
    auth_type: AuthType,
    parameters: Mapping[str, Any] | None,
    own_addresses: Collection[str] = (),
) -> None:
    """Raise InvalidInput with every fault of a new integration or of new values.

    `auth_type`: the type unless the input has one. `parameters`: the new parameters; None if they do not change.
    `own_addresses`: names of the definition's addresses that the integration replaces by its own.
    """
    faults = Faults()
    for field in dataclasses.fields(given):
        value = getattr(given, field.name)
        if field.name in _CHECKS and not isinstance(value, Unset):
            _CHECKS[field.name](faults, value)
        if field.name in _NEVER_CLEARED and field.default is UNSET:
            _not_null(field.name)(faults, value)
        if field.name == "secret":
            _check_secret(faults, value, _type_of(given.auth, auth_type), definition)
        if field.name == "capabilities":
            check_capabilities(faults, value or (), has_base=_has_base(given.auth, definition))
    if definition is not None and parameters is not None:
        check_parameters(faults, definition, parameters, own_addresses)
    faults.refuse()


def _name(faults: Faults, value: str | None) -> None:
    _not_null("name")(faults, value)
    faults.name("name", value)


def _vendor(faults: Faults, value: str | None) -> None:
    _not_null("vendor")(faults, value)
    faults.vendor("vendor", value)


def _slug(faults: Faults, value: str | None) -> None:
    faults.slug("slug", value)


def _handler(faults: Faults, value: str | None) -> None:
    faults.handler("handler", value)


def _uuid(faults: Faults, value: str | None) -> None:
    faults.check(value is None or _UUID.fullmatch(value) is not None, "uuid", "It must be a UUID.")


def _text(field: str, most: int, least: int = 0) -> Callable[[Faults, Any], None]:
    def check(faults: Faults, value: str | None) -> None:
        faults.text(field, value, most=most, least=least)

    return check


def _image_url(faults: Faults, value: str | None) -> None:
    """Any text of one line: it is stored and answered as given, and never fetched."""
    if faults.text("image_url", value, most=ADDRESS) and value is not None:
        controls = any(unicodedata.category(letter) == "Cc" for letter in value)
        faults.check(not controls, "image_url", "It must not hold control characters.")


def _not_null(field: str) -> Callable[[Faults, Any], None]:
    def check(faults: Faults, value: object) -> None:
        faults.check(value is not None, field, "It cannot be null.")

    return check


_CHECKS: Final[dict[str, Callable[[Faults, Any], None]]] = {
    "name": _name,
    "vendor": _vendor,
    "handler": _handler,
    "slug": _slug,
    "identifier": _text("identifier", NAME, least=1),
    "uuid": _uuid,
    "description": _text("description", TEXT),
    "readme": _text("readme", LONG_TEXT),
    "image_url": _image_url,
    "category": _text("category", WORD, least=1),
    "mode": _not_null("mode"),
    "access": _not_null("access"),
    "auth": check_auth,
}


def _type_of(auth: object, otherwise: AuthType) -> AuthType:
    """The auth type once the input is applied."""
    if not isinstance(auth, IntegrationAuth) or isinstance(auth.type, Unset):
        return otherwise
    return auth.type or AuthType.NONE


def _has_base(auth: object, definition: VendorDefinition | None) -> bool:
    if isinstance(auth, IntegrationAuth) and not isinstance(auth.api_base_url, Unset):
        return auth.api_base_url is not None
    return definition is not None and definition.auth.api_base_url is not None


def _check_secret(
    faults: Faults, secret: Secret | Unset | None, auth_type: AuthType, definition: VendorDefinition | None
) -> None:
    if check_fields(faults, definition, secret) and isinstance(secret, Secret):
        whole = composed(definition, secret)
        check_secret(faults, whole)
        check_fits(faults, auth_type, whole)
