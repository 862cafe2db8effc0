"""The request as values: everything that `read` and `write` of a dialect may know of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import orjson

from models.errors import InvalidInput
from resolvers.caller import Caller
from resolvers.unset import UNSET, Unset
from rest.kit import query
from rest.kit.query import Query
from wire.form import Part

W = TypeVar("W")

_FLAGS: Final = {"true": True, "false": False}
#: The parameter of a page's size, which does not change the list.
_SIZE: Final = "limit"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Names of `headers` are in lower case. `body` is UNSET if none was sent.

    `elapsed_ms` is the duration of the operation; 0 until it has answered. `browser` is the secret of the browser's
    cookie, known to endpoints that bind the browser.
    """

    method: str = "GET"
    #: The path below the dialect's prefix, decoded.
    address: str = ""
    path: Mapping[str, str] = field(default_factory=dict)
    query: Query = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: object = UNSET
    client: str = ""
    scheme: str = "http"
    #: The dialect's prefix as the client sees it, including a path that a proxy adds.
    mount: str = ""
    #: The absolute address of the dialect's prefix, below the hub's public address if that is configured.
    base: str = ""
    elapsed_ms: float = 0.0
    browser: str = field(default="", repr=False)
    speaker: Caller | None = None

    @property
    def caller(self) -> Caller:
        """The caller, in the organization in which the call acts. `Endpoint.where` runs before it is known."""
        assert self.speaker is not None  # noqa: S101  the face authenticates before it reads
        return self.speaker

    @property
    def idempotency_key(self) -> str | None:
        """The key with which the caller makes a retry safe, or None."""
        return self.headers.get("idempotency-key")

    def single(self, name: str) -> str | None:
        """A value of the query, or None. Raises InvalidInput if there are several, or members in brackets."""
        return query.single(self.query, name)

    def word(self, name: str, words: Mapping[str, W]) -> W | None:
        """The value that a word of a closed set means; None without the parameter. Case matters."""
        text = self.single(name)
        if text is not None and text not in words:
            raise InvalidInput.at(name, f"It must be one of {', '.join(words)}.")
        return None if text is None else words[text]

    def flag(self, name: str) -> bool | None:
        """True or false; None without the parameter."""
        return self.word(name, _FLAGS)

    def words(self, name: str) -> tuple[str, ...]:
        """The words of a parameter, separated by commas or given one by one, without empty ones; none without it.

        Raises InvalidInput for members in brackets.
        """
        return query.words(self.query, name)

    def deep(self, name: str) -> dict[str, str | list[str]]:
        """The members of a parameter written as `name[member]=value`; empty without one.

        Raises InvalidInput if the name has a value of its own, and for a member that is empty or has members.
        """
        return query.deep(self.query, name)

    def cursor(self, name: str = "page") -> tuple[Any, ...] | None:
        """The position of a page that `next` gave to a client; None without the parameter.

        Raises InvalidInput at the parameter unless this organization got it from this list: the same path and query.
        """
        given = self.single(name)
        if given is None:
            return None
        try:
            return self.caller.hub.cursors.decode(self._list(name), given, path=(name,))
        except InvalidInput as cause:
            raise InvalidInput.at(name, "It is no page of this list; take it from an answer of this list.") from cause

    def next(self, position: tuple[Any, ...], name: str = "page") -> str:
        """The opaque page that begins after a position of this list."""
        return self.caller.hub.cursors.encode(self._list(name), position)

    def members(self) -> dict[str, Any]:
        """The members of the body; empty if there is none. Raises InvalidInput if it is not an object."""
        if isinstance(self.body, Unset):
            return {}
        if not isinstance(self.body, dict):
            raise InvalidInput.at((), "The body must be a JSON object.")
        return self.body

    def file(self) -> bytes:
        """The file of a form, under any part name. Raises InvalidInput unless there is exactly one."""
        parts = self.body if isinstance(self.body, tuple) else ()
        files = [part for part in parts if isinstance(part, Part) and part.is_file]
        if len(files) != 1:
            raise InvalidInput.at((), "Send exactly one file, as a part with a file name.")
        return files[0].content

    def _list(self, page: str) -> str:
        """The list of which a cursor, the value of the parameter `page`, is valid."""
        narrowed = sorted((name, value) for name, value in self.query.items() if name not in (page, _SIZE))
        caller = self.caller
        return orjson.dumps([caller.source, caller.organization_id, self.address, narrowed]).decode()
