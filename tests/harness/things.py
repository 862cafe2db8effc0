"""The nouns that a name is enough to make: an estate has one of each. A new noun of this kind is entered here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from models.vocabulary import PlaceKind
from resolvers.operation import Operation
from resolvers.people.place import CreatePlace, create_place

#: The operation that makes each, and its command for a name.
THINGS: Final[dict[str, tuple[Operation[Any, Any], Callable[[str], Any]]]] = {
    "place": (create_place, lambda name: CreatePlace(kind=PlaceKind.SPACE, name=name)),
    "site": (create_place, lambda name: CreatePlace(kind=PlaceKind.SITE, name=name)),
}
