"""Files as values of inputs: given in base64, or named by an upload."""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from models.errors import InvalidInput, Path

_MEMBERS: Final = ("uploadId", "base64", "filename", "contentType")
_FORM: Final = "Give a file as {uploadId} or {base64}, with filename and contentType if you wish."
_LONGEST: Final = 255
_DEFAULT_NAME: Final = "file"
_DEFAULT_TYPE: Final = "application/octet-stream"
_TOKEN: Final = r"[A-Za-z0-9!#$%&'*+.^_`|~\-]+"
#: RFC 9110 §8.3.1; a quoted value has visible ASCII, without escapes.
_MEDIA_TYPE: Final = re.compile(rf"{_TOKEN}/{_TOKEN}(?: ?; ?{_TOKEN}=(?:{_TOKEN}|\"[ !#-\[\]-~]*\"))*")
_SPACES: Final = b" \t\r\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """A file to send. `content` is None until the upload of `upload_id` has been read; `sha256` is its digest.

    `filename` may have quotes and letters outside ASCII: each form of body escapes it in its own way.
    """

    filename: str
    content_type: str
    content: bytes | None = field(repr=False)
    sha256: str = ""
    upload_id: str | None = None

    @property
    def size(self) -> int:
        """Bytes of the content."""
        return len(self.content or b"")

    def shown(self) -> dict[str, object]:
        """The file as a plan shows it, without its bytes."""
        return {"filename": self.filename, "contentType": self.content_type, "size": self.size}

    def identity(self) -> list[str]:
        """The file in the digest of an input: equal for equal bytes, whichever way they were given."""
        return [self.filename, self.content_type, self.sha256]


def read_file(value: object, path: Path) -> File:
    """The file of a value `{uploadId}` or `{base64}`. Raises InvalidInput at `path` and the member's name."""
    if not isinstance(value, Mapping) or ("uploadId" in value) is ("base64" in value):
        raise InvalidInput.at(path, _FORM)
    for name in value.keys() - set(_MEMBERS):
        raise InvalidInput.at((*path, str(name)), f"A file has no such member. {_FORM}")
    texts = {name: _text(value[name], (*path, name)) for name in _MEMBERS if name in value}
    content_type = texts.get("contentType", _DEFAULT_TYPE)
    if not is_media_type(content_type):
        raise InvalidInput.at((*path, "contentType"), "It must be a media type, such as application/pdf.")
    filename = texts.get("filename", _DEFAULT_NAME)
    if not 1 <= len(filename) <= _LONGEST:
        raise InvalidInput.at((*path, "filename"), f"It must have 1 to {_LONGEST} characters.")
    content = decoded(texts["base64"], (*path, "base64")) if "base64" in texts else None
    return File(
        filename=filename,
        content_type=content_type,
        content=content,
        sha256=hashlib.sha256(content or b"").hexdigest(),
        upload_id=texts.get("uploadId"),
    )


def decoded(text: str, path: Path, *, most: int | None = None) -> bytes:
    """The bytes of base64 (RFC 4648 §4), which may have line breaks. Raises InvalidInput at `path`.

    `most`: bytes that may be in it. A text that must have more, even with a line break after each four letters, is
    refused unread.
    """
    if most is not None and len(text) > 2 * most + 64:
        raise InvalidInput.at(path, f"It has more than the {most} bytes that are allowed.")
    try:
        # Not by a regular expression: a megabyte of single blanks would take it a quarter of a second.
        return b64decode(text.encode("ascii").translate(None, _SPACES), validate=True)
    except ValueError as cause:
        raise InvalidInput.at(path, "It is not base64 with padding (RFC 4648, section 4).") from cause


def is_media_type(text: str) -> bool:
    """Whether this is a media type that a header can carry, of at most 255 characters."""
    return len(text) <= _LONGEST and _MEDIA_TYPE.fullmatch(text) is not None


def _text(value: object, path: Path) -> str:
    if not isinstance(value, str):
        raise InvalidInput.at(path, "It must be text.")
    return value
