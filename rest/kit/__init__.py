"""What dialects are made of: tables of endpoints, and the one loop that runs them."""

from rest.kit.asked import Asked
from rest.kit.dialect import Delete, Dialect, Endpoint, Get, Post, Put, Takes, found, nothing
from rest.kit.face import mount
from rest.kit.paging import Page, Window
from rest.kit.refusal import STATUS, Refusal
from rest.kit.reply import Reply
from rest.kit.upstream import no_answer

__all__ = [
    "STATUS",
    "Asked",
    "Delete",
    "Dialect",
    "Endpoint",
    "Get",
    "Page",
    "Post",
    "Put",
    "Refusal",
    "Reply",
    "Takes",
    "Window",
    "found",
    "mount",
    "no_answer",
    "nothing",
]
