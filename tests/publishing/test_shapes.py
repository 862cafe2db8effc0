"""Values of a manifest: every fault is found, each at its exact place."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from models.errors import InvalidInput
from proxy.guard import EgressPolicy
from resolvers.faults import JSON_BYTES
from resolvers.publishing.checking import check_manifest
from resolvers.publishing.manifest import ExternalLink, PublishIntegration
from tests.publishing.conftest import MANIFEST

CARD = {"id": "card", "title": "Card"}


def places(**members: Any) -> list[str]:
    """The places of all faults of the plain manifest with these members."""
    try:
        check_manifest(PublishIntegration(**{"name": "app", **MANIFEST, **members}), EgressPolicy())
    except InvalidInput as refused:
        return [".".join(one.path) for one in refused.violations]
    return []


def properties(*required: Any, **of: Any) -> dict[str, Any]:
    """A configuration of the account."""
    return {"configurations": {"account": {"properties": of, "required": list(required)}}}


def directives(count: int) -> list[str]:
    """So many names of directives."""
    return [f"{chr(97 + number % 26)}-{chr(97 + number // 26)}" for number in range(count)]


def large(size: int) -> list[dict[str, Any]]:
    """Blocks with so many bytes of JSON."""
    rest = len(orjson.dumps([CARD | {"more": ""}]))
    return [CARD | {"more": "x" * (size - rest)}]


def nested(levels: int) -> Any:
    """Lists inside each other."""
    return [] if levels == 1 else [nested(levels - 1)]


@pytest.mark.parametrize(
    "members",
    [
        {"title": "ab", "description": ""},
        {"title": "x" * 30, "description": "x" * 100, "summary": "x" * 2048},
        {"title": "🌦️🌦️", "description": "two\nlines"},
        {"scopes": (), "categories": ("visitor-auth", "other")},
        {"scopes": ("site:script:inject", "conversations:ingest", "x" * 100)},
        {
            "blocks": [
                {**CARD, "icon": "i", "urlUnfurl": [], "markdown": {"codeblock": "c", "body": "b"}, "extra": {}}
            ]
        },
        {"content_sources": [CARD, {"id": "b", "title": "Bb", "configuration": {"componentId": "x"}}]},
        {
            "configurations": {
                "account": {"componentId": "x"},
                "space": {"properties": {}},
                "site": {"properties": {}},
            }
        },
        properties("s", s={"type": "string", "enum": ["a"], "default": "a", "title": "", "completion_url": "u"}),
        properties(n={"type": "number", "default": 1.5}, b={"type": "boolean", "default": False}),
        properties(b={"type": "button", "callback_url": "c", "button_text": "b", "description": "x" * 100}),
        {"content_security_policy": "default-src 'self'; img-src *"},
        {"content_security_policy": {"default-src": "'self'", "upgrade-insecure-requests": ""}},
        {"content_security_policy": "x" * 8192},
        {"external_links": (ExternalLink(label="x", url="http://example.com:8080/a?b#c"),) * 5},
        {"secrets": {f"K{number}": "v" for number in range(20)}},
        {"secrets": {"K": ""}},
        {"secrets": None},
        {"blocks": [CARD | {"more": nested(30)}]},
        {"events_url": "https://app.example.com/events"},
        {"name": None},
        {"name": "n" * 100, "runtime": "v" * 24, "scopes": ("x",) * 100},
        {"blocks": [CARD | {"id": "i" * 120, "title": "t" * 40, "description": "d" * 150, "urlUnfurl": ["x"] * 100}]},
        {"blocks": [CARD | {"id": str(number)} for number in range(100)]},
        properties(**{"p" * 120: {"type": "string", "title": "t" * 50, "enum": [str(one) for one in range(100)]}}),
        properties(**{f"p{number}": {"type": "number"} for number in range(100)}),
        {"content_security_policy": dict.fromkeys(directives(100), "")},
        {"blocks": large(JSON_BYTES)},
        properties(n={"type": "number", "enum": [1, "x"]}),
        properties(b={"type": "button", "callback_url": "c", "button_text": "b", "default": 1}),
    ],
)
def test_takes_all_that_the_words_allow(members):
    assert places(**members) == []


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"title": "x", "description": "x" * 101, "summary": "x" * 2049}, ["title", "description", "summary"]),
        ({"title": "x" * 31, "runtime": "v 1"}, ["title", "runtime"]),
        ({"title": "a\nb"}, ["title"]),
        ({"title": "  "}, ["title"]),
        ({"description": "a\0"}, ["description"]),
        ({"scopes": ("ok", "", "a b", "x" * 101, "é")}, ["scopes.1", "scopes.2", "scopes.3", "scopes.4"]),
        ({"scopes": ("x",) * 101}, ["scopes"]),
        ({"scopes": (1,)}, ["scopes.0"]),
        ({"categories": ("a\0",)}, ["categories.0"]),
        ({"blocks": {}}, ["blocks"]),
        ({"blocks": "x"}, ["blocks"]),
        ({"blocks": [[], CARD, CARD]}, ["blocks.0", "blocks.2.id"]),
        (
            {"blocks": [{"id": "", "title": "x"}, {}]},
            ["blocks.0.id", "blocks.0.title", "blocks.1.id", "blocks.1.title"],
        ),
        ({"blocks": [CARD | {"description": "x" * 151, "icon": 1}]}, ["blocks.0.description", "blocks.0.icon"]),
        ({"blocks": [CARD | {"urlUnfurl": "x"}]}, ["blocks.0.urlUnfurl"]),
        ({"blocks": [CARD | {"urlUnfurl": ["x", 1]}]}, ["blocks.0.urlUnfurl.1"]),
        ({"blocks": [CARD | {"markdown": {"body": 1}}]}, ["blocks.0.markdown.codeblock", "blocks.0.markdown.body"]),
        ({"blocks": [CARD | {"title": None}]}, ["blocks.0.title"]),
        ({"blocks": [CARD | {"id": str(number)} for number in range(101)]}, ["blocks"]),
        ({"content_sources": [CARD | {"configuration": {}}]}, ["content_sources.0.configuration.componentId"]),
        ({"content_sources": [CARD | {"title": "x" * 41}]}, ["content_sources.0.title"]),
        ({"configurations": []}, ["configurations"]),
        ({"configurations": {"team": {"properties": {}}}}, ["configurations.team"]),
        ({"configurations": {"site": 1}}, ["configurations.site"]),
        ({"configurations": {"site": {}}}, ["configurations.site"]),
        ({"configurations": {"site": {"properties": {}, "componentId": "x"}}}, ["configurations.site"]),
        ({"configurations": {"space": {"componentId": 1}}}, ["configurations.space.componentId"]),
        (properties(city={"type": "string", "title": "x" * 51}), ["configurations.account.properties.city.title"]),
        (properties(city={}), ["configurations.account.properties.city.type"]),
        (properties(city={"type": ["string"]}), ["configurations.account.properties.city.type"]),
        (properties(city={"type": "date"}), ["configurations.account.properties.city.type"]),
        (properties(city=1), ["configurations.account.properties.city"]),
        (properties(n={"type": "number", "default": True}), ["configurations.account.properties.n.default"]),
        (properties(n={"type": "boolean", "default": 0}), ["configurations.account.properties.n.default"]),
        (properties(s={"type": "string", "default": 1}), ["configurations.account.properties.s.default"]),
        (properties(s={"type": "string", "enum": "a"}), ["configurations.account.properties.s.enum"]),
        (properties(s={"type": "string", "enum": []}), ["configurations.account.properties.s.enum"]),
        (properties(s={"type": "string", "enum": ["a", "a"]}), ["configurations.account.properties.s.enum.1"]),
        (
            properties(b={"type": "button"}),
            [f"configurations.account.properties.b.{name}" for name in ("callback_url", "button_text")],
        ),
        (
            properties("b", "b", 1, b={"type": "number"}),
            [f"configurations.account.required.{index}" for index in (1, 2)],
        ),
        ({"configurations": {"site": {"properties": {}, "required": "x"}}}, ["configurations.site.required"]),
        ({"content_security_policy": ["x"]}, ["content_security_policy"]),
        ({"content_security_policy": "a\r\nSet-Cookie: x"}, ["content_security_policy"]),
        ({"content_security_policy": "img-src é.example"}, ["content_security_policy"]),
        ({"content_security_policy": {"img-src": "x\x7f"}}, ["content_security_policy.img-src"]),
        ({"content_security_policy": "x" * 8193}, ["content_security_policy"]),
        ({"content_security_policy": {"img-src": "x" * 5000, "style-src": "x" * 4000}}, ["content_security_policy"]),
        ({"content_security_policy": {"Default": "x"}}, ["content_security_policy.Default"]),
        ({"content_security_policy": {"img-src": ["x"]}}, ["content_security_policy.img-src"]),
        ({"external_links": (ExternalLink(label="x", url="https://a.example.com"),) * 6}, ["external_links"]),
        (
            {"external_links": (ExternalLink(label="", url="javascript:alert(1)"),)},
            ["external_links.0.label", "external_links.0.url"],
        ),
        ({"external_links": (ExternalLink(label="x", url="https://a b"),)}, ["external_links.0.url"]),
        ({"secrets": {f"K{number}": "v" for number in range(21)}}, ["secrets"]),
        ({"secrets": {"": "v", "K": 1, "L": "x" * 10_001}}, ["secrets.", "secrets.K", "secrets.L"]),
        ({"secrets": ["x"]}, ["secrets"]),
        ({"blocks": [CARD | {"more": nested(31)}]}, ["blocks"]),
        ({"blocks": large(JSON_BYTES + 1)}, ["blocks"]),
        ({"blocks": [CARD | {"more": float("nan")}]}, ["blocks.0.more"]),
        ({"blocks": [CARD | {"more": "\ud800"}]}, ["blocks.0.more"]),
        ({"configurations": {"a\0": 1}}, ["configurations"]),
        ({"blocks": [CARD | {"urlUnfurl": ["x"] * 101}]}, ["blocks.0.urlUnfurl"]),
        ({"blocks": [CARD | {"urlUnfurl": [""]}]}, ["blocks.0.urlUnfurl.0"]),
        ({"blocks": [CARD | {"id": "i" * 121, "markdown": "x"}]}, ["blocks.0.id", "blocks.0.markdown"]),
        ({"content_sources": [CARD | {"configuration": "x"}]}, ["content_sources.0.configuration"]),
        ({"configurations": {"account": {"properties": []}}}, ["configurations.account.properties"]),
        (
            properties(**{f"p{number}": {"type": "number"} for number in range(101)}),
            ["configurations.account.properties"],
        ),
        (
            properties(**{"": {"type": "number"}, "p" * 121: {"type": "number"}}),
            ["configurations.account.properties.", f"configurations.account.properties.{'p' * 121}"],
        ),
        (
            properties(n={"type": "number", "description": "x" * 101}),
            ["configurations.account.properties.n.description"],
        ),
        (
            properties(s={"type": "string", "enum": [str(number) for number in range(101)]}),
            ["configurations.account.properties.s.enum"],
        ),
        (
            properties(s={"type": "string", "enum": [1, 1]}),
            [f"configurations.account.properties.s.enum.{index}" for index in (0, 1)],
        ),
        ({"content_security_policy": dict.fromkeys(directives(101), "")}, ["content_security_policy"]),
        ({"title": ""}, ["title"]),
        ({"name": "n" * 101, "runtime": "v" * 25}, ["name", "runtime"]),
        ({"name": "."}, ["name"]),
        ({"name": ".."}, ["name"]),
        ({"name": "0123456789abcdefABCDEF01"}, ["name"]),
        *(
            ({"external_links": (ExternalLink(label="x", url=url),)}, ["external_links.0.url"])
            for url in (
                *("", "a" * 2049, f"https://a.example.com/{'a' * 2048}", "https://a.example.com/a b"),
                *("https://a.example.com/a\u200bb", "/docs"),
            )
        ),
        ({"events_url": "ftp://app.example.com"}, ["events_url"]),
        ({"events_url": "https://127.0.0.1/"}, ["events_url"]),
        ({"events_url": f"https://app.example.com/{'a' * 2048}"}, ["events_url"]),
        ({"name": "a b", "title": "x", "scopes": ("",)}, ["name", "title", "scopes.0"]),
    ],
)
def test_names_the_place_of_every_fault(members, expected):
    assert places(**members) == expected
