"""The kit's pure parts."""

from __future__ import annotations

import pytest

from models.errors import Contended, InvalidInput, Unavailable, WrongMethod
from models.vocabulary import HttpMethod
from resolvers.page import SliceRequest
from rest.kit import Asked, Page
from rest.kit.refusal import refusal_of


def test_pages_from_the_first_and_greatest():
    page = Page.of(Asked(), greatest=100)

    assert page == Page(number=1, size=100)
    assert page.request() == SliceRequest(size=100, offset=0, count=True)


@pytest.mark.parametrize(("size", "taken"), [("1", 1), ("0100", 100), ("101", 100), ("999999999999999999", 100)])
def test_cuts_a_size_to_the_greatest(size: str, taken: int):
    page = Page.of(Asked(query={"size": size, "page": "3"}), greatest=100)

    assert page == Page(number=3, size=taken)
    assert page.request().offset == 2 * taken


@pytest.mark.parametrize("text", ["0", "-1", "", " 1", "+1", "1.0", "1e2", "x", "٣", "9" * 5000, "000", "1\n"])
@pytest.mark.parametrize("name", ["page", "size"])
def test_refuses_what_is_no_positive_integer(name: str, text: str):
    with pytest.raises(InvalidInput) as refused:
        Page.of(Asked(query={name: text}), greatest=100)

    assert refused.value.violations[0].path == (name,)


def test_refuses_a_page_given_twice():
    with pytest.raises(InvalidInput, match="page: It must be a positive integer"):
        Page.of(Asked(query={"page": ["1", "2"]}), greatest=100)


def test_refuses_a_page_beyond_what_is_counted_to():
    with pytest.raises(InvalidInput, match="page"):
        Page.of(Asked(query={"page": "102"}), greatest=100).request()


@pytest.mark.parametrize(("total", "last"), [(0, 1), (1, 1), (10, 1), (11, 2), (20, 2), (21, 3)])
def test_counts_pages(total: int, last: int):
    assert Page(number=1, size=10).last(total) == last


def test_allows_a_declared_method_only_where_the_path_has_it():
    served = frozenset({"GET", "POST"})

    there = refusal_of(WrongMethod(HttpMethod.POST), {}, served)
    absent = refusal_of(WrongMethod(HttpMethod.PATCH), {}, served)

    assert there.headers == {"allow": "POST"}
    assert absent.headers == {"allow": ""}


@pytest.mark.parametrize("error", [Unavailable("The database is away."), Contended("Others were there first.")])
def test_says_when_to_come_back_to_a_hub_that_cannot_serve_now(error: Unavailable):
    refusal = refusal_of(error, {}, frozenset())

    assert refusal is not None
    assert (refusal.status, refusal.headers) == (503, {"retry-after": "1"})


def test_lets_a_dialect_say_another_status():
    assert refusal_of(InvalidInput.at("a", "b"), {InvalidInput: 422}, frozenset()).status == 422


def test_reads_a_body_that_was_left_out_as_an_empty_object():
    assert Asked().members() == {}


@pytest.mark.parametrize("body", [None, [], "x", 1, True])
def test_refuses_a_body_that_is_no_object(body: object):
    with pytest.raises(InvalidInput, match="must be a JSON object"):
        Asked(body=body).members()
