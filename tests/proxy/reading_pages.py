"""An export in a few lines: requests by `Paging`, sent over HTTP, until the end."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx

from models.vocabulary import StopReason
from proxy.paging import Page, Paging, Reply

URL = "https://api.example.com/v1/orders?limit=2"
CURSOR = {"kind": "cursor", "items": "data", "next": "paging.next", "input": "c"}
COUNTED = {"kind": "page", "items": "data"}
LINK = {"kind": "link", "items": "data"}
ADDRESS = {"kind": "next_url", "items": "data", "next": "next"}
#: The size of a state in the database.
MOST_STATE = 8_000


@dataclass
class Read:
    """All that an export read, and its last page."""

    records: list[object] = field(default_factory=list)
    pages: int = 0
    last: Page = field(default_factory=Page)

    @property
    def stop(self) -> StopReason | None:
        return self.last.stop


def export(url: str, pagination: Mapping[str, object], inputs: Mapping[str, object] | None = None) -> Read:
    """Read everything; `inputs` are `query`, `headers` and `body`, and with a body the requests are POST."""
    with httpx.Client() as client:
        return follow(
            pagination, lambda turn_url, given: _sent(client, turn_url or url, turn_url is None, given), inputs
        )


def follow(
    pagination: Mapping[str, object],
    send: Callable[[str | None, dict[str, object]], Reply],
    inputs: Mapping[str, object] | None = None,
) -> Read:
    """Read everything; each state goes through JSON and back, as through a database."""
    paging, read = Paging.read(pagination), Read()
    turn = paging.first()
    while True:
        state = json.dumps(turn.state)
        assert len(state) < MOST_STATE
        turn = paging.resumed(json.loads(state))
        read.last = paging.turned(turn.state, send(turn.url, turn.merged(inputs or {})))
        read.pages += 1
        read.records += read.last.records
        if read.last.next is None:
            return read
        turn = read.last.next


def turned(pagination: dict[str, object], body: object, *headers: tuple[str, str], **more: object) -> Page:
    """The page in the first answer."""
    given = {"status": 200, "url": URL, "headers": headers, "body": body} | more
    return Paging.read(pagination).turned({}, Reply(**given))


def played(pagination: dict[str, object], *bodies: object) -> Read:
    """An export that gets these answers, and the last of them for ever."""
    answers = iter(bodies)
    last = [bodies[0]]

    def send(url: str | None, inputs: dict[str, object]) -> Reply:
        last[0] = next(answers, last[0])
        return Reply(status=200, url=url or URL, body=last[0])

    return follow(pagination, send)


def linked(parts: list[list[object]]) -> list[object]:
    """Answers with these records, each with a new cursor, and one without any after them."""
    return [*({"data": part, "paging": {"next": f"c{at}"}} for at, part in enumerate(parts)), {"data": []}]


def _sent(client: httpx.Client, url: str, has_query: bool, inputs: dict[str, object]) -> Reply:
    answer = client.request(
        "POST" if "body" in inputs else "GET",
        url,
        params=inputs.get("query") if has_query else None,
        headers=inputs.get("headers"),
        json=inputs.get("body"),
    )
    headers = tuple(answer.headers.items())
    return Reply(status=answer.status_code, url=str(answer.request.url), headers=headers, body=answer.json())
