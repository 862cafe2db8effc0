"""HAL (draft-kelly-json-hal-11): links, and pages whose rows are embedded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from rest.kit.paging import Window

Json = dict[str, Any]


def link(href: str, *, templated: bool = False) -> Json:
    """One link object (§5)."""
    return {"href": href, "templated": True} if templated else {"href": href}


def page(
    rel: str, rows: Sequence[Json], *, href: str, window: Window, total: int, query: Mapping[str, str | list[str]]
) -> Json:
    """A page of a collection: its rows, their position, and links to its neighbours. `query`: the request's."""
    links = {"self": link(_address(href, query))}
    before, after = max(0, window.start - window.size), window.start + len(rows)
    if after < total and rows:
        links["next"] = link(_address(href, {**query, "start": str(after)}))
    if window.start:
        links["prev"] = link(_address(href, {**query, "start": str(before)}))
    return {
        "_links": links,
        "_embedded": {rel: list(rows)},
        "start": window.start,
        "count": len(rows),
        "total": total,
    }


def _address(href: str, query: Mapping[str, str | list[str]]) -> str:
    return f"{href}?{urlencode(query, doseq=True)}" if query else href
