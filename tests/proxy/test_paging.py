"""Paging: requests, pages and the end, one answer after the other."""

from __future__ import annotations

from proxy.paging import Paging, Reply

URL = "https://api.example.com/v1/orders?limit=2"


def test_places_the_cursor_in_a_list_inside_the_body():
    paging = Paging.read({"kind": "cursor", "items": "data", "next": "paging.next", "input": "body.after[0]"})
    first = paging.first()

    page = paging.turned(first.state, Reply(status=200, url=URL, body={"data": [1], "paging": {"next": "c2"}}))

    assert first.merged({"body": {"q": "x"}}) == {"body": {"q": "x"}}
    assert page.records == [1]
    assert page.next.merged({"body": {"q": "x"}}) == {"body": {"q": "x", "after": ["c2"]}}
