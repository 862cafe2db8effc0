"""Scopes that include others, and their other names: by the vendor's definition, in every judgement of scopes."""

from __future__ import annotations

from pathlib import Path

import pytest

from resolvers.definitions.catalogue import read_catalogue
from resolvers.granted import ScopeRules
from tests.definitions.test_catalogue_files import PLAIN, refusal_of

CATALOGUE = {one.vendor: one for one in read_catalogue(Path(__file__).parents[2] / "catalogue")}
GOOGLE = "https://www.googleapis.com/auth/"
GRAPH = "https://graph.microsoft.com/"


@pytest.mark.parametrize(
    ("vendor", "required", "granted", "missing"),
    [
        ("github", ["public_repo", "read:repo_hook", "user:email"], ["repo", "user"], ()),
        ("github", ["read:org", "write:org"], ["admin:org"], ()),
        ("github", ["admin:org", "read:org"], ["write:org"], ("admin:org",)),
        ("github", ["repo"], ["public_repo"], ("repo",)),
        ("google-drive", ["email", "profile"], [GOOGLE + "userinfo.email", GOOGLE + "userinfo.profile"], ()),
        ("google-drive", [GOOGLE + "userinfo.email"], ["email"], ()),
        ("google-drive", [GOOGLE + "drive.metadata.readonly"], [GOOGLE + "drive"], ()),
        ("google-drive", [GOOGLE + "drive.appdata"], [GOOGLE + "drive"], (GOOGLE + "drive.appdata",)),
        ("microsoft-graph", ["User.Read", "Mail.Read"], [GRAPH + "User.Read", GRAPH + "mail.read"], ()),
        ("microsoft-graph", [GRAPH + "Mail.Read"], ["Mail.Read"], ()),
        ("microsoft-graph", ["Mail.Send"], [GRAPH + "Mail.Read"], ("Mail.Send",)),
        ("slack", ["chat:write"], ["users:read"], ("chat:write",)),
    ],
)
def test_scopes_are_missing_by_the_vendors_own_words(vendor, required, granted, missing) -> None:
    assert ScopeRules.of(CATALOGUE[vendor].body()).missing(required, granted) == missing


def test_without_rules_a_scope_is_itself_in_any_case() -> None:
    rules = ScopeRules.of(None)

    assert rules.missing(["User.Read", "b", "a*"], ["user.read", "a"]) == ("b", "a*")


@pytest.mark.parametrize(
    ("rules", "fault"),
    [
        ("scopes: [a, b], implies: {a: [b]}", None),
        ("scopes: [a], aliases: {A2: a, 'x/*': '*'}, implies: {A2: [x/c, a2]}", "auth.implies.A2: x/c is not in"),
        ("scopes: [a], implies: {a: [b]}", "auth.implies.a: b is not in auth.scopes, nor another name of a scope."),
        ("scopes: [b], implies: {a: [b]}", "auth.implies.a: a is not in auth.scopes"),
        ("scopes: [a], implies: {a: [a]}", "auth.implies.a: It includes itself."),
        ("scopes: [a, b, c], implies: {a: [b], b: [c], c: [a]}", "auth.implies.a: It includes itself."),
        ("scopes: [a, b], aliases: {x: a}, implies: {a: [b], b: [x]}", "auth.implies.a: It includes itself."),
        ("aliases: {a: b, b: c}", "auth.aliases.a: b is another name itself; give the scope that it stands for."),
        ("aliases: {a: a}", "auth.aliases.a: a is another name itself"),
        ("aliases: {'a/*': b}", "auth.aliases.a/*: * stands at the end of both names, or nowhere."),
        ("aliases: {'a*b': 'c*d'}", "auth.aliases.a*b: * stands at the end"),
        ("aliases: {'a b': c}", "auth.aliases.a b: A scope has neither spaces nor commas."),
        ("implies: {a: b}", "auth.implies.a"),
    ],
)
def test_a_definition_that_contradicts_itself_is_refused(tmp_path, rules, fault) -> None:
    text = PLAIN.replace("type: BEARER", f"type: BEARER, {rules}")
    if fault is None:
        (tmp_path / "plain.yaml").write_text(text)
        assert len(read_catalogue(tmp_path)) == 1
        return

    sentence = refusal_of(tmp_path, text)

    assert fault in sentence
