"""Headers: refused when written, expanded once, shown masked."""

from __future__ import annotations

import pytest

from models.errors import InvalidInput
from proxy.headers import check_given_header, check_header, check_template, expand, hint, passed_on, relayed, twins

FACTS = {
    "user.username": "zoe",
    "user.email": "zoe@example.com",
    "user.trick": "${tenant.id}",
    "tenant.id": "t1",
}


FORBIDDEN = """
    Host host Content-Length content-length Transfer-Encoding Connection Keep-Alive TE Trailer Upgrade Expect
    Cookie Forwarded Via X-Forwarded-For x-forwarded-host Proxy-Authorization X-Real-IP Accept-Encoding
    X-HTTP-Method-Override Sec-Fetch-Mode X_Forwarded_For Content_Length transfer.encoding x_real-ip Proxy_Anything
"""


@pytest.mark.parametrize("name", FORBIDDEN.split())
def test_refuses_headers_that_are_the_hubs_to_set(name):
    assert check_header(name, "x") == f"The header {name} is set by the hub and cannot be given."


@pytest.mark.parametrize("char", ["\r", "\n", "\r\n", "\0", "\x85", "\x0b", "\x7f", "\u2028", "\u2029", "\ud800"])
def test_refuses_control_characters_in_names_and_values(char):
    assert check_header(f"X-{char}A", "x") is not None
    assert check_header("X-A", f"a{char}b") is not None


@pytest.mark.parametrize("name", ["", "X A", "X:A", "Ünicode", "X-A\t", "(x)", "a" * 121])
def test_refuses_names_that_are_no_tokens(name):
    assert check_header(name, "x") is not None


def test_refuses_values_over_8_kilobytes_in_any_count():
    assert check_header("X-A", "a" * 8192) is None
    assert check_header("X-A", "a" * 8193) == "A header value has at most 8192 bytes."
    assert check_header("X-A", "ä" * 4097) == "A header value has at most 8192 bytes."


def test_refuses_what_the_way_of_authorisation_sets():
    assert check_header("Authorization", "x") is None
    assert (
        check_header("authorization", "x", reserved=("Authorization",))
        == "The header authorization is set by the authorisation and cannot be given."
    )


@pytest.mark.parametrize("name", ["X-Key", "x_key", "X.Key", "X_KEY"])
def test_a_name_is_reserved_in_every_spelling_that_servers_fold(name):
    assert check_header(name, "x", reserved=("X-Key",)) is not None
    assert check_header(name, "x", reserved=("X-Keys", "Key")) is None


def test_only_an_integrations_own_header_has_an_underscore():
    assert check_header("X_Key", "x") is None
    assert check_given_header("X_Key", "x") is not None
    assert check_given_header("X-Key", "x") is None


def test_finds_names_that_servers_fold_into_one():
    found = dict(twins(["X-A", "X_B", "x-b", "X-C", "X.B", "X-A"]))

    assert sorted(found) == [2, 4, 5]
    assert found[2] == "Servers take x-b and X_B for one header; give one of them."


def test_takes_text_tabs_and_letters_of_all_languages():
    assert check_header("X-Name", "Zoë\t日本 ${user.username}") is None


def test_expands_facts():
    assert expand("${user.username}@${tenant.id}", FACTS) == "zoe@t1"
    assert expand("plain $1 {x}", FACTS) == "plain $1 {x}"


def test_expands_in_one_pass_only():
    assert expand("a ${user.trick} b", FACTS) == "a ${tenant.id} b"


@pytest.mark.parametrize(
    "template",
    [
        "${user.unknown}",
        "${tenant.}",
        "${env.HOME}",
        "${user.${tenant.id}}",
        "${user.username",
        "${}",
        "${ user.email }",
        "${user.__class__.x}",
    ],
)
def test_refuses_templates_that_are_unknown_or_nested(template):
    with pytest.raises(InvalidInput) as refusal:
        expand(template, FACTS, path=("headers", "X-A"))

    assert refusal.value.path == ("headers", "X-A")


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\0", "a\x85b", "a" * 8193, "\ud800"])
def test_refuses_facts_that_cannot_stand_in_a_header_and_does_not_repeat_them(value):
    with pytest.raises(InvalidInput) as refusal:
        expand("${user.email}", {"user.email": value})

    assert refusal.value.violations[0].message == "The value of ${user.email} cannot be sent in a header."


def test_refuses_an_expansion_that_is_huge_as_a_whole():
    with pytest.raises(InvalidInput):
        expand("${user.email}" * 3, {"user.email": "a" * 4000})


def test_checks_templates_when_they_are_written():
    assert check_template("Bearer ${user.apiKey} ${tenant.region-1}") is None
    assert check_template("${env.HOME}") == "${env.HOME} is neither ${user.<field>} nor ${tenant.<field>}."
    assert check_template("${user.${tenant.id}}") is not None


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("sk-live-0123456789", "…6789"),
        ("secret", "…"),
        ("", "…"),
        ("${user.email}", "${user.email}"),
        ("Bearer ${user.token}", "Bearer ${user.token}"),
        ("${user.id}-${tenant.id}", "${user.id}-${tenant.id}"),
        ("sk-live-0123 ${user.id}", "…${user.id}"),
        ("hunter2:${user.id}", "…${user.id}"),
    ],
)
def test_shows_templates_and_hides_literals(value, shown):
    assert hint(value) == shown


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (["public, max-age=600"], "private, max-age=600"),
        (["s-maxage=600, Public", 'no-cache="a, public"'], 'private, no-cache="a, public"'),
        (["no-store"], "private, no-store"),
        (['private="x-own", max-age=1'], "private, max-age=1"),
        ([""], None),
        ([], None),
    ],
)
def test_no_shared_cache_keeps_an_answer_to_a_credential(said, kept):
    answered = [("cache-control", value) for value in said]
    besides = [("CDN-Cache-Control", "max-age=9"), ("Surrogate-Control", "max-age=9"), ("Age", "3")]

    for pass_on in (relayed, passed_on):
        shown = dict(pass_on([*answered, *besides]))
        assert shown == {"Age": "3"} | ({"Cache-Control": kept} if kept else {})


def test_relays_no_cookie_location_or_cross_origin_permission():
    answered = (
        ("Content-Type", "text/plain"),
        ("ETag", '"1"'),
        ("Link", "<https://x.example/?page=2>; rel=next"),
        ("X-RateLimit-Remaining", "3"),
        ("Set-Cookie", "a=b"),
        ("X-Accel-Redirect", "/etc"),
        ("X-Sendfile", "/etc/passwd"),
        ("Location", "https://evil.example"),
        ("Access-Control-Allow-Origin", "*"),
        ("Transfer-Encoding", "chunked"),
        ("Content-Encoding", "gzip"),
        ("Content-Length", "3"),
        ("Strict-Transport-Security", "max-age=1"),
        ("Clear-Site-Data", '"*"'),
        ("X-Odd", "a\x85b"),
    )

    assert relayed(answered) == answered[:4]
