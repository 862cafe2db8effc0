"""Callback addresses: the addresses to which vendors send users back after their consent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class CallbackAddress:
    """One callback address. `path` is below the hub's own address and ends in `/oauth2/callback`.

    `redirects`: a connected user is redirected to the return URL at once. Otherwise a page links to it.
    """

    path: str
    redirects: bool = False
