"""The values of a call, each in its place in the request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from models.errors import Path
from proxy.inputs.bodies import JSON_BODY, BodyShape, EncodedBody
from proxy.inputs.files import File
from proxy.inputs.pairs import Pair


@dataclass(slots=True)
class Bound:
    """Values by place; path values are not yet encoded. `body`: None if no input belongs to the body."""

    path: dict[str, str] = field(default_factory=dict)
    query: list[Pair] = field(default_factory=list)
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: dict[str, object] | None = None
    shape: BodyShape = JSON_BODY

    def encoded(self, path: Path = ("inputs",)) -> EncodedBody | None:
        """The bytes of the body; None if there is none. Raises InvalidInput below `path` for one that cannot be."""
        return None if self.body is None else self.shape.encode(self.body, path)

    def shown(self, path: Path = ("inputs",)) -> object:
        """The body for people. Raises InvalidInput below `path`."""
        return None if self.body is None else self.shape.show(self.body, path)

    def files(self) -> Iterator[tuple[str, int | None, File]]:
        """The files of the body: the input of each, and its place in a list."""
        for name in self.shape.files & (self.body or {}).keys():
            value = (self.body or {})[name]
            for index, file in enumerate(value if isinstance(value, list) else [value]):
                if isinstance(file, File):
                    yield name, index if isinstance(value, list) else None, file

    def put(self, name: str, index: int | None, file: File) -> None:
        """Put a file that has been read in the place of one that `files` gave."""
        body = self.body or {}
        value = body[name]
        if isinstance(value, list) and index is not None:
            value[index] = file
        else:
            body[name] = file

    def identity(self) -> list[object]:
        """The values as a digest of the input reads them: files by their digests."""
        body: object = self.body
        if self.body is not None and self.shape.files:
            body = {name: _identity(value) for name, value in self.body.items()}
        return [self.path, self.query, self.headers, body]


def _identity(value: object) -> object:
    if isinstance(value, list):
        return [_identity(one) for one in value]
    return value.identity() if isinstance(value, File) else value
