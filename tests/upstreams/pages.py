"""An API that gives its records page by page, in every way that exports know, on loopback.

`PagedApi(records)` in a `with` statement; its `url` is the base address. Each answer has two records, or as many as
`size` or `limit` in the query ask for. `WAYS` names the paths:

- counted: `/page` and `/bare` (`page`, from 1; the latter is a list without an object around it), `/gone` (404 after
  the last page), `/offset` (`offset`);
- cursors: `/cursor` (`cursor`), `/search` (POST, `{"page": {"after": ["…"]}}`), `/header` (`X-Cursor`, answered in
  `X-Next-Cursor`), `/after` (`starting_after`: the id of the last record, `has_more`), `/sparse` (every page is
  followed by three empty ones; `more`);
- addresses: `/link` (`Link` of RFC 8288), `/next` (absolute), `/relative`, `/foreign` (of `foreign`, another origin);
- endless: `/same` (whatever is asked), `/turning` (A, B, A, B; new cursors), `/stuck` (new records, one cursor).
"""

from __future__ import annotations

import json
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request as it came in. `query`: the last value of each name; header names are in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: object

    def number(self, name: str, otherwise: int) -> int:
        """A number from the query."""
        return int(self.query.get(name, otherwise))


@dataclass
class Given:
    """An answer; `body` is sent as JSON."""

    body: object
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class PagedApi:
    """`requests` are kept in order. `on_read` is called after each page, for records that change meanwhile.

    `refusals`: other answers, by the number of the request from 1."""

    def __init__(self, records: list[object], *, foreign: str = "http://other.example.com") -> None:
        self.records = records
        self.requests: list[Asked] = []
        self.foreign = foreign
        self.on_read: Callable[[PagedApi], None] = lambda api: None
        self.refusals: dict[int, Given] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"api": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> PagedApi:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, asked: Asked) -> Given:
        """The answer to one request."""
        self.requests.append(asked)
        if refusal := self.refusals.get(len(self.requests)):
            return refusal
        given = WAYS[asked.path](self, asked) if asked.path in WAYS else Given({"error": "no such path"}, 404)
        self.on_read(self)
        return given

    def part(self, asked: Asked, start: int) -> tuple[list[object], int | None]:
        """The records of a page, and the position of the next page; None after the last one."""
        end = start + asked.number("size", asked.number("limit", 2))
        return self.records[start:end], end if end < len(self.records) else None


def _page(api: PagedApi, asked: Asked) -> Given:
    size = asked.number("size", 2)
    records, _ = api.part(asked, (asked.number("page", 1) - 1) * size)
    pages = -(-len(api.records) // size)
    return Given({"data": records, "meta": {"page": asked.number("page", 1), "pages": pages, "last": "no"}})


def _bare(api: PagedApi, asked: Asked) -> Given:
    return Given(_page(api, asked).body["data"])


def _gone(api: PagedApi, asked: Asked) -> Given:
    given = _page(api, asked)
    return given if given.body["data"] else Given({"error": "There is no such page."}, 404)


def _offset(api: PagedApi, asked: Asked) -> Given:
    records, _ = api.part(asked, asked.number("offset", 0))
    return Given({"data": records, "total": len(api.records)})


def _cursor(api: PagedApi, asked: Asked) -> Given:
    records, end = api.part(asked, _position(asked.query.get("cursor")))
    return Given({"data": records, "paging": {"next": _token(end)}})


def _search(api: PagedApi, asked: Asked) -> Given:
    after = asked.body.get("page", {}).get("after", [None])
    records, end = api.part(asked, _position(after[0]))
    return Given({"data": records, "next": _token(end)} if end else {"data": records})


def _header(api: PagedApi, asked: Asked) -> Given:
    records, end = api.part(asked, _position(asked.headers.get("x-cursor")))
    return Given({"data": records}, headers={"X-Next-Cursor": _token(end)} if end else {})


def _after(api: PagedApi, asked: Asked) -> Given:
    ids = [str(record["id"]) for record in api.records]
    after = asked.query.get("starting_after")
    records, end = api.part(asked, ids.index(after) + 1 if after else 0)
    return Given({"data": records, "has_more": end is not None})


def _sparse(api: PagedApi, asked: Asked) -> Given:
    step = _position(asked.query.get("cursor"))
    records, end = api.part(asked, step // 4 * 2)
    following = _token(None if end is None else step + 1)
    return Given({"data": [] if step % 4 else records, "more": end is not None, "next": following})


def _link(api: PagedApi, asked: Asked) -> Given:
    records, end = api.part(asked, asked.number("from", 0))
    links = [f'<{api.url}/link?from=0>; rel="first"; title="first, of all"']
    links += [f'<{_address(asked, end)}>; REL="prefetch Next"'] if end else []
    return Given({"data": records}, headers={"Link": ", ".join(links)})


def _next(api: PagedApi, asked: Asked) -> Given:
    records, end = api.part(asked, asked.number("from", 0))
    base = {"/next": api.url, "/foreign": api.foreign}.get(asked.path, "")
    return Given({"data": records, "paging": {"next": base + _address(asked, end) if end else ""}})


def _same(api: PagedApi, asked: Asked) -> Given:
    return Given({"data": api.records[:2], "next": "c"})


def _turning(api: PagedApi, asked: Asked) -> Given:
    turn = _position(asked.query.get("cursor"))
    start = turn % 2 * 2
    return Given({"data": api.records[start : start + 2], "next": _token(turn + 1)})


def _stuck(api: PagedApi, asked: Asked) -> Given:
    start = 2 * (len(api.requests) - 1)
    return Given({"data": api.records[start : start + 2], "next": "c"})


WAYS: dict[str, Callable[[PagedApi, Asked], Given]] = {
    "/page": _page,
    "/bare": _bare,
    "/gone": _gone,
    "/offset": _offset,
    "/cursor": _cursor,
    "/search": _search,
    "/header": _header,
    "/after": _after,
    "/sparse": _sparse,
    "/link": _link,
    "/next": _next,
    "/relative": _next,
    "/foreign": _next,
    "/same": _same,
    "/turning": _turning,
    "/stuck": _stuck,
}


def _token(position: int | None) -> str | None:
    return None if position is None else urlsafe_b64encode(f"at:{position}".encode()).decode()


def _position(token: str | None) -> int:
    return int(urlsafe_b64decode(token)[3:]) if token else 0


def _address(asked: Asked, start: int) -> str:
    return f"{asked.path}?{urlencode(asked.query | {'from': start})}"


class _Handler(BaseHTTPRequestHandler):
    api: ClassVar[PagedApi]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = json.loads(raw) if raw else {}
        given = self.api.answer(Asked(self.command, parts.path, query, headers, body))
        sent = json.dumps(given.body).encode()
        self.send_response(given.status)
        for name, value in {"Content-Type": "application/json", **given.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    do_GET = do_POST = _answer  # noqa: N815  (names of the library)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the requests are kept."""
