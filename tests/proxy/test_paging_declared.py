"""A step's `pagination` as its author writes it: each fault at its place, with the values that are allowed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from models.errors import InvalidInput
from proxy.paging import Paging

MANUAL = (Path(__file__).parents[2] / "docs/exports.md").read_text()
CURSOR = {"kind": "cursor", "next": "next", "input": "c"}
PAGE = {"kind": "page"}


def faults(value: object) -> dict[str, str]:
    """The faults of a `pagination` by their places."""
    with pytest.raises(InvalidInput) as refusal:
        Paging.read(value, path=("steps", "0", "pagination"))
    assert {one.path[:3] for one in refusal.value.violations} == {("steps", "0", "pagination")}
    return {".".join(one.path[3:]): one.message for one in refusal.value.violations}


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ([], ""),
        ("page", ""),
        ({}, "kind"),
        ({"kind": "Page"}, "kind"),
        ({"kind": ["page"]}, "kind"),
        (PAGE | {"itmes": "data"}, "itmes"),
        (PAGE | {"next": "next"}, "next"),
        ({"kind": "none", "limit": 1, "stop": {}}, "stop"),
        ({"kind": "link", "input": "page"}, "input"),
        (PAGE | {"missing": "whole"}, "missing"),
        (CURSOR | {"missingNext": True}, "missingNext"),
        (PAGE | {"limit": 0}, "limit"),
        (PAGE | {"limit": True}, "limit"),
        (PAGE | {"limit": "5"}, "limit"),
        (PAGE | {"limit": 1.0}, "limit"),
        (PAGE | {"maxPages": 10_001}, "maxPages"),
        (PAGE | {"maxSeconds": 86_401}, "maxSeconds"),
        (PAGE | {"start": -1}, "start"),
        (CURSOR | {"start": {}}, "start"),
        (CURSOR | {"start": True}, "start"),
        (CURSOR | {"start": "x" * 1_001}, "start"),
        ({"kind": "cursor", "next": "next"}, "input"),
        ({"kind": "cursor", "input": "c"}, "next"),
        (CURSOR | {"nextHeader": "X-Next"}, "next"),
        ({"kind": "cursor", "input": "c", "nextHeader": "X Next"}, "nextHeader"),
        ({"kind": "next_url"}, "next"),
        ({"kind": "next_url", "next": None}, "next"),
        (CURSOR | {"next": None}, "next"),
        (CURSOR | {"input": None}, "input"),
        (PAGE | {"size": 5}, "sizeInput"),
        (PAGE | {"sizeInput": "n"}, "size"),
        (PAGE | {"size": 5, "sizeInput": "page"}, "sizeInput"),
        (PAGE | {"size": 5, "sizeInput": "page.n"}, "sizeInput"),
        (PAGE | {"stop": []}, "stop"),
        (PAGE | {"stop": {"code": 404}}, "stop.code"),
        (PAGE | {"stop": {"status": 200}}, "stop.status"),
        (PAGE | {"stop": {"path": "last"}}, "stop.values"),
        (PAGE | {"stop": {"path": "last", "values": []}}, "stop.values"),
        (PAGE | {"stop": {"path": "last", "values": [True]}}, "stop.values"),
        (PAGE | {"stop": {"values": ["true"]}}, "stop.path"),
        (PAGE | {"stop": {"pages": "a.*"}}, "stop.pages"),
    ],
    ids=repr,
)
def test_refuses_a_fault_at_its_place(value, place):
    found = faults(value)

    assert place in found
    assert all(len(message) > 10 for message in found.values())


def test_says_which_values_are_allowed():
    assert faults({"kind": "pages"}) == {"kind": "Give one of none, page, offset, cursor, link, next_url."}
    assert faults({"kind": "none", "itms": 1, "missing": "x"}) == {
        "itms": "Paging by none has no such member; there are kind, items, missing, limit.",
        "missing": "Give one of ERROR, WHOLE.",
    }


@pytest.mark.parametrize(
    "path", ["", 5, "a.", "a-b", "a[*]", "a[]", "a[?b]", "a || b", "length(a)", "@", "`1`", "a" * 501]
)
@pytest.mark.parametrize("member", ["items", "more", "next"])
def test_refuses_other_jmespath_than_plain_paths(member, path):
    assert member in faults(CURSOR | {member: path})


@pytest.mark.parametrize("path", ["[0].a", "a[-1]", "a.b[-2].c"])
def test_refuses_places_that_no_input_has(path):
    assert "input" in faults(CURSOR | {"input": path})


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("data", ("data",)),
        ("data.items", ("data", "items")),
        ("data[0][1].x", ("data", 0, 1, "x")),
        ('"odd-name"."a.b"[-1]', ("odd-name", "a.b", -1)),
        ("[0].x", (0, "x")),
        ("@.a", ("a",)),
    ],
)
def test_reads_plain_paths(text, steps):
    assert Paging.read(PAGE | {"items": text}).declared.items.steps == steps


def test_null_is_as_good_as_nothing():
    members = ("items", "more", "limit", "maxPages", "maxSeconds", "stop", "input", "start", "size", "sizeInput")

    assert Paging.read(PAGE | dict.fromkeys(members)).declared == Paging.read(PAGE).declared


def test_the_manual_names_each_member():
    table = MANUAL.partition("| member | meaning |\n")[2].partition("\n\n")[0]
    told = set(re.findall(r"`([\w.]+)`", "".join(row.split(" | ")[0] for row in table.splitlines())))

    members = told - {name for name in told if name.startswith("stop.")}
    messages = [faults({"kind": kind, "no": 1})["no"] for kind in ("cursor", "page", "next_url")]
    there = {name for message in messages for name in re.findall(r"\w+", message.partition("there are ")[2])}
    stops = faults(PAGE | {"stop": {"no": 1}})["stop.no"].partition("there are ")[2]
    assert members | {"stop"} == there
    assert told - members == {f"stop.{name}" for name in re.findall(r"\w+", stops)}
