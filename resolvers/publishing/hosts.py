"""Hosts of the addresses that blocks unfurl, and the search for the blocks of a host."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

_HOST: Final = re.compile(r"(?:[^/?#]*?://)?([^/:?#\s]+)")


def block_hosts(blocks: Sequence[Mapping[str, Any]]) -> str:
    """The hosts in lower case, each between two spaces: `https://*.example.com/**` has the host `*.example.com`."""
    patterns = [pattern for block in blocks for pattern in block.get("urlUnfurl", [])]
    found = {match[1].lower() for match in map(_HOST.match, patterns) if match}
    return f" {'  '.join(sorted(found))} " if found else ""


def patterns_for(host: str) -> Sequence[str]:
    """Parts of such a text that stand for a host: itself, and a wildcard for each of its parents."""
    labels = host.lower().split(".")
    return [f" {host.lower()} ", *(f" *.{'.'.join(labels[index:])} " for index in range(1, len(labels)))]
