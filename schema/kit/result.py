"""Results of mutations: unions of a payload and the refusals of the operations that answer it."""

from __future__ import annotations

from strawberry.annotation import StrawberryAnnotation
from strawberry.types.union import StrawberryUnion

from models.errors import DomainError, Forbidden
from resolvers.operation import Facts
from schema.kit.descriptions import with_article
from schema.kit.errors import problems
from schema.kit.field import derived
from schema.kit.node import TABLES, view


class Result:
    """A result union. Its members follow from `refuses` of the operations whose fields have this type.

    `besides`: further refusals that the graph promises to clients though no operation declares them yet.
    """

    def __init__(
        self, name: str, payload: type, description: str, *, besides: tuple[type[DomainError], ...] = ()
    ) -> None:
        self._union = StrawberryUnion(name=name, description=description)
        self.besides = frozenset(besides)
        self.refused: set[type[DomainError]] = set()
        self._payload = payload

    def of(self, facts: Facts) -> StrawberryUnion:
        """The union as the type of the field of another operation, whose refusals become members."""
        self.refused.update(facts.refuses, (Forbidden,) if facts.needs else ())
        members = (self._payload, *problems(self.refused | self.besides))
        self._union.type_annotations = tuple(StrawberryAnnotation(member) for member in members)
        return self._union


def row_result(name: str, noun: type, *, besides: tuple[type[DomainError], ...] = ()) -> Result:
    """`<Name>Result` of operations that return a noun's row, which `<Name>Payload` holds in its field `<name>`."""
    words = name.replace("_", " ")
    title, described = words.title().replace(" ", ""), with_article(words)
    fields = {"__annotations__": {name: noun}, name: derived(lambda row: row, f"The {words}.")}
    payload = view(TABLES[noun.__name__], f"{described} as it is now.")(type(f"{title}Payload", (), fields))
    return Result(f"{title}Result", payload, f"{described}, or why not.", besides=besides)
