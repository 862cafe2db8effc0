"""Paging: how an export goes on from one answer to the next request, and when it stops. Pure."""
