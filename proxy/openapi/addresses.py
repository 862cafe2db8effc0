"""Endpoints of operations: servers with their variables, and path templates."""

from __future__ import annotations

import re
from typing import Any, Final

from proxy.address import check_endpoint
from proxy.openapi.broken import BrokenError, InexpressibleError, Place
from proxy.openapi.document import Document, Operation, mapping, sequence, text

_SLOT: Final = re.compile(r"\{([^{}]*)\}")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,119}")
_NO_SERVER: Final = (
    "It names no https server with a full address, and the integration has no API base address: set its apiBaseUrl."
)


class Addresses:
    """`has_base`: endpoints are paths below the integration's base; else absolute, on the first https server."""

    def __init__(self, document: Document, *, has_base: bool) -> None:
        self._document = document
        self._base = "" if has_base else self._own_base()

    def of(self, operation: Operation, slots: dict[str, str]) -> str:
        """The endpoint of an operation. `slots`: the names of its inputs by those of its path.

        Raises InexpressibleError.
        """
        base = self._of_its_own(operation) or self._base
        path = _SLOT.sub(lambda slot: f"{{{slots[slot[1]]}}}", operation.path)
        endpoint = f"{base.rstrip('/')}{path}"
        if objection := check_endpoint(endpoint):
            raise InexpressibleError(objection)
        return endpoint

    def _of_its_own(self, operation: Operation) -> str | None:
        """The address of servers that an operation or its path has in place of the document's."""
        if self._document.version == "2.0":
            return None
        for owner, place in ((operation.given, operation.place), (operation.item, operation.item_place)):
            if owner.get("servers"):
                if found := _https(owner["servers"], (*place, "servers")):
                    return found
                raise InexpressibleError("Its own server is no https server with a full address.")
        return None

    def _own_base(self) -> str:
        root = self._document.root
        if self._document.version == "2.0":
            schemes = root.get("schemes", ["https"])
            if isinstance(root.get("host"), str) and isinstance(schemes, list) and "https" in schemes:
                return f"https://{root['host']}{root.get('basePath', '')}"
            raise BrokenError(("host",), _NO_SERVER)
        found = _https(root.get("servers"), ("servers",))
        if found is None:
            raise BrokenError(("servers",), _NO_SERVER)
        return found


def slots_of(path: str) -> list[str]:
    """The names in a path template, in order. Raises InexpressibleError for one that no input can have."""
    names = _SLOT.findall(path)
    for name in names:
        if not _NAME.fullmatch(name):
            raise InexpressibleError(f"The name {name[:100]} in its path is no name of an input.")
    if len(set(names)) != len(names):
        raise InexpressibleError("Its path has a name twice.")
    return names


def _https(servers: Any, place: Place) -> str | None:
    """The first https address, its variables filled with their defaults; None if there is none."""
    for index, given in enumerate(sequence(servers, place)):
        at = (*place, str(index))
        server = mapping(given, at)
        url = text(server.get("url"), (*at, "url"))
        variables = mapping(server.get("variables", {}), (*at, "variables"))
        url = _SLOT.sub(lambda slot, variables=variables: _default(variables, slot[1]), url)  # type: ignore[misc]
        if url.startswith("https://"):
            return url
    return None


def _default(variables: dict[str, Any], name: str) -> str:
    found = variables.get(name)
    return str(found.get("default", "")) if isinstance(found, dict) else ""
