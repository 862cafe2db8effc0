"""Budget: the bounds of one evaluation, and the meter that spends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field

Count = Annotated[int, Field(ge=1, le=10_000_000)]
Levels = Annotated[int, Field(ge=1, le=100)]
#: Characters that are compared or searched for one node. A single call of Python on all that a budget has, which no
#: other thread can interrupt, stays below 50 ms.
_CHARACTERS_PER_NODE: Final = 200


@dataclass(frozen=True, kw_only=True)
class Budget:
    """The most that one expression may cost. The defaults end every evaluation within 250 ms of CPU and 50 MB."""

    #: Visits of a part of the expression, and values that a function or a comparison looks at.
    nodes: Count = 200_000
    #: Members of all lists and objects that are made on the way, and again of the result.
    elements: Count = 100_000
    #: Bytes of all texts that are made on the way, in UTF-8, and again of the result.
    output_bytes: Count = 4_000_000
    #: Of the expression itself.
    characters: Count = 4096
    #: Levels of parts within parts of the expression. An interpreter's stack has room for a hundred.
    depth: Levels = 50


class ExpressionRefused(Exception):
    """A text that is no expression, or an expression beyond its budget. The message is a sentence for the author."""


class OverBudget(Exception):
    """A part of the budget is spent. The message names it, such as `makes more than 100000 elements`."""


class Misfit(Exception):
    """The expression does not fit the value: JMESPath's errors invalid-type and invalid-value.

    The message names types and no values, such as `argument 1 of abs is null, not number`. `place`: the names of the
    members that the expression makes around it.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.place: tuple[str, ...] = ()

    def within(self, name: str) -> Misfit:
        """The same misfit, one member further out."""
        self.place = (name, *self.place)
        return self


class Meter:
    """The rest of a budget. Everything is spent before it is done, so nothing large is made first."""

    __slots__ = ("budget", "elements", "nodes", "output_bytes")

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.nodes = budget.nodes
        self.elements = budget.elements
        self.output_bytes = budget.output_bytes

    def visit(self, count: int = 1) -> None:
        """Spend nodes. Raises OverBudget, as the others do."""
        self.nodes -= count
        if self.nodes < 0:
            raise OverBudget(f"takes more than {self.budget.nodes} steps")

    def read(self, characters: int) -> None:
        """Spend nodes for characters that are compared or searched; a few cost nothing."""
        self.visit(characters // _CHARACTERS_PER_NODE)

    def make(self, count: int) -> None:
        """Spend elements of lists and objects."""
        self.elements -= count
        if self.elements < 0:
            raise OverBudget(f"makes more than {self.budget.elements} elements")

    def write(self, size: int) -> None:
        """Spend bytes of text."""
        self.output_bytes -= size
        if self.output_bytes < 0:
            raise OverBudget(f"makes more than {self.budget.output_bytes} bytes of text")

    def write_text(self, text: str) -> None:
        """Spend a text's bytes in UTF-8."""
        if len(text) > self.output_bytes:
            self.write(len(text))
        self.write(len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass")))
