"""Places in JSON: paths of names and indexes, in the words of JMESPath, for reading answers and writing inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from models.errors import InvalidInput, Path
from proxy.expressions import Budget, ExpressionRefused
from proxy.expressions.parse import Node, parse
from proxy.paging.shapes import kind_of

_BUDGET: Final = Budget(characters=500, depth=25)
_ALLOWED: Final = (
    'Write names with dots and indexes, such as `data.items`, `data[0].next` or `"odd-name".next`; '
    "projections, filters and functions are not allowed here."
)
_NOTHING: Final = object()


@dataclass(frozen=True, slots=True)
class Missing:
    """Nothing at a place. `near`: the value that the path reached, and `depth` the number of its steps to there.

    `unreachable`: the path breaks before its last name, other than at a null or at the end of a list.
    """

    near: object
    depth: int
    unreachable: bool


@dataclass(frozen=True, slots=True)
class Place:
    """`text` as the author wrote it; `steps`: names, and indexes, which count from the end if they are negative."""

    text: str
    steps: tuple[str | int, ...]

    @classmethod
    def read(cls, value: object, path: Path, *, into: bool = False) -> Place:
        """A place of a definition. `into`: one for writing. Raises InvalidInput at `path`."""
        if not isinstance(value, str) or not value:
            raise InvalidInput.at(path, f"This is not a path. {_ALLOWED}")
        try:
            found = list(_steps(parse(value, _BUDGET)))
        except ExpressionRefused as refusal:
            raise InvalidInput.at(path, f"{refusal} {_ALLOWED}") from refusal
        steps = tuple(step for step in found if step is not None)
        if not steps or len(steps) < len(found):
            raise InvalidInput.at(path, f"This is not a path. {_ALLOWED}")
        if into and (isinstance(steps[0], int) or any(isinstance(step, int) and step < 0 for step in steps)):
            raise InvalidInput.at(
                path, "A place in the inputs begins with a name and counts from 0, as `filters[0].id`."
            )
        return cls(value, steps)

    def find(self, root: object) -> object | Missing:
        """The value there, which may be None; Missing if there is none."""
        value = root
        for depth, step in enumerate(self.steps):
            inside = _inside(value, step)
            if inside is _NOTHING:
                is_last = depth == len(self.steps) - 1
                ends = value is None or (isinstance(value, list) and isinstance(step, int))
                fits = isinstance(value, dict) and isinstance(step, str)
                return Missing(value, depth, unreachable=not ends and not (is_last and fits))
            value = inside
        return value

    def overlaps(self, other: Place) -> bool:
        """Whether one is inside the other, or they are the same."""
        return all(one == two for one, two in zip(self.steps, other.steps, strict=False))

    def put(self, root: Mapping[str, object], value: object) -> dict[str, object]:
        """A copy of `root` with the value there. Objects on the way are made; a list grows by one at its end.

        Raises InvalidInput at the member that is in the way.
        """
        return _put_into(root, self.steps, value, ())


def _steps(node: Node) -> Iterator[str | int | None]:
    """The steps of a path; None for a part that is none."""
    if node.kind in ("subexpression", "index_expression"):
        for child in node.children:
            yield from _steps(child)
    elif node.kind not in ("identity", "current"):
        yield node.value if node.kind in ("field", "index") and isinstance(node.value, str | int) else None


def _inside(value: object, step: str | int) -> object:
    if isinstance(value, dict) and isinstance(step, str) and step in value:
        return value[step]
    if isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
        return value[step]
    return _NOTHING


def _put(root: object, steps: Sequence[str | int], value: object, path: Path) -> object:
    if not steps:
        return value
    if isinstance(steps[0], str):
        return _put_into(root, steps, value, path)
    if root is not None and not isinstance(root, list):
        raise InvalidInput.at(path, f"Paging places a value inside it, so it must be a list, not {kind_of(root)}.")
    items, index = list(root or []), steps[0]
    if index > len(items):
        raise InvalidInput.at(path, f"Paging places a value at its index {index}, but it has {len(items)} items.")
    before = items[index] if index < len(items) else None
    items[index : index + 1] = [_put(before, steps[1:], value, (*path, str(index)))]
    return items


def _put_into(root: object, steps: Sequence[str | int], value: object, path: Path) -> dict[str, object]:
    if root is not None and not isinstance(root, Mapping):
        raise InvalidInput.at(path, f"Paging places a value inside it, so it must be an object, not {kind_of(root)}.")
    members, name = dict(root or {}), str(steps[0])
    return members | {name: _put(members.get(name), steps[1:], value, (*path, name))}
