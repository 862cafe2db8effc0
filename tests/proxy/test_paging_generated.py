"""Random services: whatever they hold and however they page, every record is read once and in order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from proxy.paging import Paging, Reply
from tests.proxy.reading_pages import follow

URL = "https://api.example.com/v1/things?q=1"
KINDS = {
    "page": {"kind": "page", "items": "a.b", "input": "p", "start": 0, "size": 1, "sizeInput": "n"},
    "offset": {"kind": "offset", "items": "a.b", "input": "o"},
    "cursor": {"kind": "cursor", "items": "a.b", "next": "next", "input": "body.in[0].after"},
    "more": {"kind": "cursor", "items": "a.b", "next": "a.b[-1].id", "more": "more", "input": "body.in[0].after"},
    "next_url": {"kind": "next_url", "items": "a.b", "next": "next"},
    "link": {"kind": "link", "items": "a.b"},
}


class Service:
    """`parts`: the lists that it gives, one by one; in counted kinds without empty ones."""

    def __init__(self, kind: str, parts: list[list[dict[str, int]]]) -> None:
        self.kind, self.parts = kind, parts

    def answer(self, url: str | None, inputs: dict[str, object]) -> Reply:
        """The part that is asked for, with the way to the next one."""
        at = self._asked(url, inputs)
        part = self.parts[at] if at < len(self.parts) else []
        following = at + 1 if at + 1 < len(self.parts) else None
        body = {"a": {"b": part}, "more": following is not None}
        headers = ()
        if following is not None and self.kind == "link":
            headers = (("link", f'<?part={following}>; rel="next"'),)
        elif following is not None:
            body["next"] = f"/v1/things?part={following}" if self.kind == "next_url" else following
        return Reply(status=200, url=url or URL, headers=headers, body=body)

    def _asked(self, url: str | None, inputs: dict[str, object]) -> int:
        if self.kind == "page":
            return inputs["p"]
        if self.kind == "offset":
            lengths = [sum(map(len, self.parts[:at])) for at in range(len(self.parts) + 1)]
            return lengths.index(inputs["o"])
        if self.kind in ("cursor", "more"):
            after = inputs["body"].get("in", [{}])[0].get("after", 0)
            return after if self.kind == "cursor" or not after else self._part_after(after)
        return int(url.partition("part=")[2]) if url else 0

    def _part_after(self, number: int) -> int:
        return next(at for at, part in enumerate(self.parts) if part and part[-1]["id"] == number) + 1


@given(kind=st.sampled_from(sorted(KINDS)), sizes=st.lists(st.integers(0, 4), max_size=40))
def test_reads_every_record_of_any_service_once(kind, sizes):
    sizes = sizes if kind in ("cursor", "link", "next_url") else [size or 1 for size in sizes]
    parts, number = [], 1
    for size in sizes:
        parts.append([{"id": number + at} for at in range(size)])
        number += size

    read = follow(KINDS[kind], Service(kind, parts).answer, {"body": {"q": "x"}})

    expected = [{"id": at} for at in range(1, number)]
    assert read.last.fault is None
    assert read.records == (expected if not _has_long_gap(sizes) else expected[: len(read.records)])


def _has_long_gap(sizes: list[int]) -> bool:
    """Whether eleven empty pages are in a row, which end an export without `more`."""
    return "0" * 11 in "".join(map(str, sizes))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["data", "next", "more", "n"]), inner)
    ),
    max_leaves=8,
)


@given(
    body=JSON,
    status=st.sampled_from([200, 204, 301, 404, 500]),
    link=st.text(max_size=30),
    kind=st.sampled_from(
        [
            {"kind": "cursor", "next": "next", "input": "c"},
            {"kind": "next_url", "next": "data.next"},
            {"kind": "link"},
            {"kind": "page"},
            {"kind": "offset", "missing": "WHOLE"},
        ]
    ),
)
def test_no_answer_breaks_it(body, status, link, kind):
    paging = Paging.read(
        kind | {"items": "data", "more": "more", "stop": {"pages": "n", "path": "n", "values": ["1"]}}
    )
    reply = Reply(status=status, url=URL, headers=(("Link", f'<{link}>; rel="next"'),), body=body)

    page = paging.turned({}, reply)

    assert (page.next is None) == (page.stop is not None or page.fault is not None)
    assert page.next is None or page.next.merged({"x": 1})["x"] == 1
