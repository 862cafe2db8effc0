"""What dialects are made of: tables of endpoints, and the one loop that runs them."""

from rest.kit.asked import Asked
from rest.kit.dialect import Delete, Dialect, Endpoint, Get, Post, Put
from rest.kit.face import mount
from rest.kit.paging import Page
from rest.kit.refusal import STATUS, Refusal

__all__ = ["STATUS", "Asked", "Delete", "Dialect", "Endpoint", "Get", "Page", "Post", "Put", "Refusal", "mount"]
