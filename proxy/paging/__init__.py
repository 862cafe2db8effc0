"""Paging: how an export goes on from one answer to the next request, and when it stops. Pure."""

from proxy.paging.delta import moved, since
from proxy.paging.paging import Paging
from proxy.paging.turns import Page, Reply, Turn

__all__ = ["Page", "Paging", "Reply", "Turn", "moved", "since"]
