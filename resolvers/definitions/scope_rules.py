"""Consistency of a definition's scopes: those that include others, and their other names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from models.errors import Path
from resolvers.definitions.definition import VendorDefinition
from resolvers.definitions.parts import Auth
from resolvers.granted import REST, ScopeRules

_Faults = Iterator[tuple[Path, str]]


def scope_faults(definition: VendorDefinition) -> Iterator[tuple[Path, str]]:
    """Faults of `auth.implies` and `auth.aliases`: unknown scopes, names that lead nowhere, cycles."""
    yield from _aliases(definition.auth)
    yield from _implied(definition.auth)


def _aliases(auth: Auth) -> _Faults:
    for alias, scope in auth.aliases.items():
        place = ("auth", "aliases", alias)
        if re.search(r"[\s,]", alias + scope):
            yield place, "A scope has neither spaces nor commas."
        elif alias.endswith(REST) is not scope.endswith(REST) or REST in alias[:-1] + scope[:-1]:
            yield place, f"{REST} stands at the end of both names, or nowhere."
        elif scope in auth.aliases:
            yield place, f"{scope} is another name itself; give the scope that it stands for."


def _implied(auth: Auth) -> _Faults:
    rules = ScopeRules(implies=auth.implies, aliases=auth.aliases)
    known = {rules.named(scope) for scope in (*auth.scopes, *auth.aliases, *auth.aliases.values())}
    for scope, included in auth.implies.items():
        place = ("auth", "implies", scope)
        unknown = [one for one in (scope, *included) if rules.named(one) not in known]
        if unknown:
            yield place, f"{unknown[0]} is not in auth.scopes, nor another name of a scope."
        elif rules.named(scope) in rules.reached(included):
            yield place, "It includes itself. Scopes that are equal belong in auth.aliases."
