"""Published configuration schemas: whether an installation's values satisfy one, and where an app may be enabled.

A schema is `{"properties": {name: {"type": …}}, "required": [name]}`, or `{"componentId": …}` for an app with a form
of its own. The types are string (with an optional `enum`), number, boolean and button.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from models.tables import Publication
from models.vocabulary import PlaceKind, PublicationTarget

#: The members of `Publication.configurations`.
ACCOUNT: Final = "account"
_OF_KIND: Final[Mapping[PlaceKind, str]] = {PlaceKind.SPACE: "space", PlaceKind.SITE: "site"}
_TYPES: Final[Mapping[str, tuple[type, ...]]] = {"string": (str,), "number": (int, float), "boolean": (bool,)}
_KINDS: Final[Mapping[PublicationTarget, frozenset[PlaceKind]]] = {
    PublicationTarget.ALL: frozenset(PlaceKind),
    PublicationTarget.ORGANIZATION: frozenset(),
    PublicationTarget.SPACE: frozenset({PlaceKind.SPACE}),
    PublicationTarget.SITE: frozenset({PlaceKind.SITE}),
}


def account_schema(publication: Publication | None) -> Any:
    """The schema of an installation's own configuration; None if any is right."""
    return None if publication is None else publication.configurations.get(ACCOUNT)


def place_schema(publication: Publication | None, kind: PlaceKind) -> Any:
    """The schema of the configuration on a place of this kind; None if any is right."""
    return None if publication is None else publication.configurations.get(_OF_KIND[kind])


def kinds_of(publication: Publication | None) -> frozenset[PlaceKind]:
    """The kinds of places on which an app may be enabled; all of them for one that is not published."""
    return frozenset(PlaceKind) if publication is None else _KINDS[publication.target]


def demands(schema: Any) -> bool:
    """Whether some configuration does not satisfy a schema."""
    return isinstance(schema, dict) and bool(schema.get("properties") or schema.get("required"))


def satisfies(configuration: Mapping[str, Any], schema: Any) -> bool:
    """Whether values satisfy a schema: the required ones are there, and those that it declares are of their type.

    Null counts as absent. Other values are allowed: apps keep tokens among them. A button has any value: the app sets
    it once the button was used.
    """
    if not demands(schema):
        return True
    given = {name: value for name, value in configuration.items() if value is not None}
    properties = schema.get("properties") or {}
    return given.keys() >= set(schema.get("required") or ()) and all(
        _fits(given[name], declared) for name, declared in properties.items() if name in given
    )


def _fits(value: Any, declared: Any) -> bool:
    if not isinstance(declared, dict):
        return True
    types = _TYPES.get(declared.get("type", ""))
    if types is not None and (not isinstance(value, types) or (isinstance(value, bool) and bool not in types)):
        return False
    options = declared.get("enum")
    return not options or value in options
