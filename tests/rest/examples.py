"""Reads a dialect's `examples/*.http`: requests that editors can send, each with its answer as a comment below."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

import rest

_ID = re.compile(r"[0-9a-f]{24}")


@dataclass(frozen=True, kw_only=True)
class Example:
    """One request and the answer that it must have."""

    title: str
    method: str
    url: str
    headers: Mapping[str, str]
    content: str
    status: int
    answer: Any


def files(dialect: str) -> list[Path]:
    """The example files of a dialect. Each is run from the top, on an organization of its own."""
    return sorted((Path(rest.__file__).parent / dialect / "examples").glob("*.http"))


def examples(file: Path, variables: Mapping[str, str]) -> Iterator[Example]:
    """Those of a file, with `{{name}}` in requests replaced by variables."""
    _, *blocks = re.split(r"^### ", file.read_text(), flags=re.MULTILINE)
    for block in blocks:
        request, _, answer = block.partition("\n# HTTP/1.1 ")
        for name, value in variables.items():
            request = request.replace(f"{{{{{name}}}}}", value)
        head, _, content = request.partition("\n\n")
        title, line, *headers = head.splitlines()
        method, url = line.split(" ")
        status, _, body = answer.partition("\n")
        yield Example(
            title=title,
            method=method,
            url=url,
            headers=dict(header.split(": ", 1) for header in headers),
            content=content.strip(),
            status=int(status),
            answer=json.loads(re.sub(r"^# ", "", body, flags=re.MULTILINE).strip() or "null"),
        )


async def run(example: Example, http: httpx.AsyncClient) -> None:
    """Send it, and hold the answer against what is written, member for member and in order. No body is null."""
    answer = await http.request(example.method, example.url, headers=example.headers, content=example.content or None)
    shown = answer.json() if answer.content else None
    assert (answer.status_code, filled(example.answer, shown)) == (example.status, shown), example.title
    assert list(map(str, keys(example.answer))) == list(map(str, keys(shown))), example.title


def filled(expected: Any, shown: Any) -> Any:
    """What was expected, with `{{id}}` and `{{any}}` replaced by what is shown where that fits."""
    match expected, shown:
        case dict(), dict():
            return {key: filled(value, shown.get(key)) for key, value in expected.items()}
        case list(), list():
            return [filled(one, other) for one, other in zip(expected, shown, strict=False)] + expected[len(shown) :]
        case "{{id}}", str() if _ID.fullmatch(shown):
            return shown
        case "{{any}}", str() if shown:
            return shown
    return expected


def keys(value: Any) -> Iterator[str]:
    """Every member's name, from the top."""
    for key, member in value.items() if isinstance(value, dict) else ():
        yield key
        yield from keys(member)
    for member in value if isinstance(value, list) else ():
        yield from keys(member)
