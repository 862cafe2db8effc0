"""The kit's parts that answer: tags, pages of HAL, members of bodies, places of faults."""

from __future__ import annotations

import pytest

from models.errors import InvalidInput, NotFound
from resolvers.page import SliceRequest
from resolvers.unset import UNSET
from rest.kit import Asked, Members, Reply, Window, exactly_one, found, without_nulls
from rest.kit.etag import is_known, tag_of
from rest.kit.hal import link, page
from rest.kit.places import renamed

TAG = tag_of(b"{}")


CODED = ["-gzip", "--gzip", ";gzip", "-br", ";br", ":br", "-zstd", "+zstd", "-df", "-deflate", "-x-gzip", "-GZIP"]


@pytest.mark.parametrize("known", [TAG, f"W/{TAG}", f'"a", {TAG}', f'{TAG},"b"', "*", " * "])
def test_knows_a_tag(known: str):
    assert is_known(known, TAG)


@pytest.mark.parametrize("known", [None, "", TAG.strip('"'), '""', '"*"', TAG.upper(), f"{TAG[:-2]}", "x" * 9000])
def test_knows_no_other_tag(known: str | None):
    assert not is_known(known, TAG)


@pytest.mark.parametrize("coding", CODED)
@pytest.mark.parametrize("form", ['"{0}{1}"', 'W/"{0}{1}"', 'W/"{0}"{1}', '"a-gzip", W/"{0}{1}","b"'])
def test_knows_a_tag_that_a_proxy_changed(form: str, coding: str):
    assert is_known(form.format(TAG.strip('"'), coding), TAG)


@pytest.mark.parametrize("more", ["-", "-x", "-gzip-x", "gzip", "0-gzip"])
def test_knows_no_tag_that_goes_on_otherwise(more: str):
    assert not is_known(f'"{TAG.strip(chr(34))}{more}"', TAG)


def test_links_to_the_pages_beside_a_page():
    window = Window.of(Asked(query={"start": "4", "limit": "2"}), usual=10, greatest=100)

    made = page(
        "x:row", [{"a": 1}], href="/rows", window=window, total=9, query={"limit": "2", "start": "4", "q": "ä"}
    )

    assert made == {
        "_links": {
            "self": {"href": "/rows?limit=2&start=4&q=%C3%A4"},
            "next": {"href": "/rows?limit=2&start=5&q=%C3%A4"},
            "prev": {"href": "/rows?limit=2&start=2&q=%C3%A4"},
        },
        "_embedded": {"x:row": [{"a": 1}]},
        "start": 4,
        "count": 1,
        "total": 9,
    }


def test_an_only_page_has_nothing_beside_it():
    window = Window.of(Asked(), usual=10, greatest=100)

    assert page("x", [{}], href="/rows", window=window, total=1, query={})["_links"] == {"self": {"href": "/rows"}}
    assert window.request() == SliceRequest(size=10, offset=0, count=True)


def test_says_that_a_link_is_a_template():
    assert link("/a/{b}", templated=True) == {"href": "/a/{b}", "templated": True}


def test_tells_absent_from_null():
    members = Members({"null": None, "text": "a", "flag": False, "word": "ON"})

    assert (members.text("null"), members.text("absent"), members.text("text")) == (None, UNSET, "a")
    assert (members.flag("flag"), members.word("word", {"on": 1})) == (False, 1)
    members.done()


def test_gathers_every_fault():
    members = Members({"a": 1, "b": "x", "c": [], "d": True, "e": {"f": 1}})
    members.required("none")
    members.text("a")
    members.flag("b")
    members.object("c")
    members.number("d")
    members.texts("e")

    with pytest.raises(InvalidInput) as refused:
        members.done()

    assert [one.path for one in refused.value.violations] == [("none",), ("a",), ("b",), ("c",), ("d",), ("e",)]


@pytest.mark.parametrize("values", [{}, {"a": None}, {"a": 1, "b": 2}])
def test_wants_exactly_one_of_several(values: dict):
    with pytest.raises(InvalidInput, match="Give exactly one of a, b"):
        exactly_one(Members(values), "a", "b")


def test_names_the_one_that_is_there():
    assert exactly_one(Members({"a": None, "b": 0}), "a", "b") == "b"


def test_leaves_out_nulls_and_nothing_else():
    assert without_nulls({"a": None, "b": 0, "c": "", "d": [], "e": False}) == {"b": 0, "c": "", "d": [], "e": False}


@pytest.mark.parametrize(
    ("places", "sentence"),
    [
        ({("auth", "token_url"): ("tokenUri",)}, "tokenUri: No."),
        ({("auth",): ()}, "token_url: No."),
        ({("auth", "token_url"): ()}, "No."),
        ({}, "auth.token_url: No."),
    ],
)
def test_names_faults_as_the_caller_knows_them(places, sentence):
    error = InvalidInput.at(("auth", "token_url"), "No.")

    assert error.renamed(lambda path: renamed(path, places)).message == sentence


def test_what_was_not_found_is_refused():
    write = found("thing", lambda thing, asked: {"thing": thing})

    assert write(7, Asked()) == {"thing": 7}
    with pytest.raises(NotFound, match="There is no such thing"):
        write(None, Asked())


def test_refuses_a_value_of_the_query_that_is_given_twice():
    asked = Asked(query={"a": ["1", "2"], "b": "3"})

    assert (asked.single("b"), asked.single("c")) == ("3", None)
    with pytest.raises(InvalidInput, match="a: Give it once"):
        asked.single("a")


def test_sends_to_another_address_without_being_kept():
    assert Reply.to("https://a") == Reply(
        status=302, headers=(("location", "https://a"), ("cache-control", "no-store"))
    )
