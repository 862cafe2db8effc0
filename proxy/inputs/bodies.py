"""Bodies of requests: the inputs of the body as JSON, as a form, in parts, or one of them raw."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

from models.errors import InvalidInput, Path
from models.vocabulary import ArrayFormat, BodyFormat
from proxy.inputs.exact import write_json
from proxy.inputs.files import File
from proxy.inputs.pairs import Fields, Lists, together

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
TEXT: Final = "text/plain; charset=utf-8"
#: The largest body of a form or of files, in bytes.
MOST_BYTES: Final = 8 * 1024 * 1024
#: https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data, for RFC 7578 §4.2.
_ESCAPES: Final = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})


@dataclass(kw_only=True, slots=True)
class EncodedBody:
    """The bytes of a body and their type."""

    content: bytes = field(repr=False)
    content_type: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A part of a multipart form. `text` or `file`; `content_type` of a text that has one."""

    text: str = ""
    file: File | None = None
    content_type: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class BodyShape:
    """The form of a capability's body, compiled once.

    `media`: the `contentMediaType` of inputs; in a form such an input is one field, a value that is no text as JSON.
    `files`: inputs whose values are files.
    """

    format: BodyFormat = BodyFormat.JSON
    lists: Lists = field(default_factory=Lists)
    media: Mapping[str, str] = field(default_factory=dict)
    files: frozenset[str] = frozenset()

    def encode(self, values: Mapping[str, object], path: Path) -> EncodedBody:
        """The body of these values. A form is the same at each encoding. Raises InvalidInput below `path`."""
        if self.format is BodyFormat.JSON:
            return EncodedBody(content=write_json(values), content_type=JSON)
        if self.format is BodyFormat.FORM:
            form = EncodedBody(content=urlencode(self._fields(values, path)).encode(), content_type=FORM)
            _require_small(len(form.content), path)
            return form
        if self.format is BodyFormat.MULTIPART:
            return _multipart(list(self._parts(values, path)), path)
        (name, value), *_ = values.items()
        encoded = _raw(value, self.media.get(name))
        _require_small(len(encoded.content), path)
        return encoded

    def show(self, values: Mapping[str, object], path: Path) -> object:
        """The body for people: forms by the names of their fields, files by name, type and size."""
        match self.format:
            case BodyFormat.FORM:
                return together(self._fields(values, path), str)
            case BodyFormat.MULTIPART:
                return together(list(self._parts(values, path)), _shown)
            case BodyFormat.RAW:
                value = next(iter(values.values()), None)
                return value.shown() if isinstance(value, File) else value
        return values

    def _fields(self, values: Mapping[str, object], path: Path) -> list[tuple[str, str]]:
        fields = Fields()
        for name, value in values.items():
            whole = _whole(value) if name in self.media else value
            fields.add(name, whole, self.lists.of(name), (*path, name))
        return fields.pairs

    def _parts(self, values: Mapping[str, object], path: Path) -> Iterator[tuple[str, Part]]:
        fields = Fields()
        for name, value in values.items():
            if name in self.files:
                yield from self._files(name, value)
            elif name in self.media and value is not None:
                yield name, Part(text=str(_whole(value)), content_type=self.media[name])
            else:
                known = len(fields.pairs)
                fields.add(name, value, self.lists.of(name), (*path, name))
                yield from ((field_name, Part(text=text)) for field_name, text in fields.pairs[known:])

    def _files(self, name: str, value: object) -> Iterator[tuple[str, Part]]:
        brackets = isinstance(value, list) and self.lists.of(name) is ArrayFormat.BRACKETS
        for file in value if isinstance(value, list) else [value]:
            if isinstance(file, File):
                yield f"{name}[]" if brackets else name, Part(file=file)


JSON_BODY: Final = BodyShape()


def _whole(value: object) -> object:
    return value if value is None or isinstance(value, str) else write_json(value).decode()


def _raw(value: object, media: str | None) -> EncodedBody:
    match value:
        case File():
            return EncodedBody(content=value.content or b"", content_type=value.content_type)
        case str():
            return EncodedBody(content=value.encode(), content_type=media or TEXT)
    return EncodedBody(content=write_json(value), content_type=media or JSON)


def _require_small(size: int, path: Path) -> None:
    if size > MOST_BYTES:
        raise InvalidInput.at(path, f"The body would have {size} bytes; at most {MOST_BYTES} can be sent.")


def _multipart(parts: list[tuple[str, Part]], path: Path) -> EncodedBody:
    """RFC 7578. The boundary comes from the parts: a body that is made again has the same bytes."""
    pieces = [(_head(name, part), _content(part)) for name, part in parts]
    _require_small(sum(len(content) for _, content in pieces), path)
    digest = hashlib.sha256()
    for (head, content), (_, part) in zip(pieces, parts, strict=True):
        digest.update(head)
        digest.update(content if part.file is None else part.file.sha256.encode())
    boundary = f"----{digest.hexdigest()[:40]}"
    edge = b"--" + boundary.encode()
    lines = [line for head, content in pieces for line in (edge, b"\r\n", head, b"\r\n\r\n", content, b"\r\n")]
    content_type = f"multipart/form-data; boundary={boundary}"
    return EncodedBody(content=b"".join([*lines, edge, b"--\r\n"]), content_type=content_type)


def _head(name: str, part: Part) -> bytes:
    lines = f'Content-Disposition: form-data; name="{name.translate(_ESCAPES)}"'
    if part.file is not None:
        lines += f'; filename="{part.file.filename.translate(_ESCAPES)}"'
    content_type = part.file.content_type if part.file is not None else part.content_type
    return (lines if content_type is None else f"{lines}\r\nContent-Type: {content_type}").encode()


def _content(part: Part) -> bytes:
    return part.text.encode() if part.file is None else part.file.content or b""


def _shown(part: Part) -> object:
    return part.text if part.file is None else part.file.shown()
