"""The kit of every dialect: tables of endpoints, and the loop that runs them."""

from rest.kit.asked import Asked
from rest.kit.dialect import Delete, Dialect, Endpoint, Get, Patch, Post, Put, Takes, found, nothing
from rest.kit.face import mount, refused
from rest.kit.members import Members, exactly_one, without_nulls
from rest.kit.paging import Page, Window
from rest.kit.places import Places
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
    "Members",
    "Page",
    "Patch",
    "Places",
    "Post",
    "Put",
    "Refusal",
    "Reply",
    "Takes",
    "Window",
    "exactly_one",
    "found",
    "mount",
    "no_answer",
    "nothing",
    "refused",
    "without_nulls",
]
