"""Granted scopes: those that are missing, by the words in which a vendor grants them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

#: The scope that brings a refresh token (OpenID Connect Core §11); some vendors do not name it among those granted.
OFFLINE: Final = "offline_access"
#: The scope that brings an id_token (OpenID Connect Core §3.1.2.1).
OPENID: Final = "openid"
#: At the end of an alias and of its scope: the same for every continuation.
REST: Final = "*"


@dataclass(frozen=True, kw_only=True)
class ScopeRules:
    """A vendor's words for scopes. `implies`: those that a scope includes. `aliases`: other names of a scope."""

    implies: Mapping[str, Sequence[str]] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, body: Mapping[str, Any] | None) -> ScopeRules:
        """The rules of a definition in its stored form; none without one."""
        auth = (body or {}).get("auth") or {}
        return cls(implies=auth.get("implies") or {}, aliases=auth.get("aliases") or {})

    def missing(self, required: Sequence[str], granted: Iterable[str]) -> tuple[str, ...]:
        """The required scopes that are not granted, by these rules.

        Case does not count: vendors answer in their own spelling, and none has two scopes that differ in it only.
        """
        known = frozenset(granted)
        if known.issuperset(required):
            return ()
        reached = self.reached(known)
        return tuple(scope for scope in required if self.named(scope) not in reached)

    def reached(self, scopes: Iterable[str]) -> frozenset[str]:
        """These scopes and all that they include, under the names that `named` gives."""
        named = self.named
        includes = {named(scope): [named(one) for one in included] for scope, included in self.implies.items()}
        found: set[str] = set()
        waiting = [named(scope) for scope in scopes]
        while waiting:
            scope = waiting.pop()
            if scope not in found:
                found.add(scope)
                waiting += includes.get(scope, ())
        return frozenset(found)

    def named(self, scope: str) -> str:
        """The one name of a scope, in lower case."""
        exact = self.aliases.get(scope)
        if exact is not None:
            return exact.casefold()
        folded = scope.casefold()
        for alias, name in self.aliases.items():
            if alias.casefold() == folded:
                return name.casefold()
            start = alias.removesuffix(REST).casefold()
            if start != alias.casefold() and folded.startswith(start) and len(folded) > len(start):
                return name.removesuffix(REST).casefold() + folded[len(start) :]
        return folded


NO_RULES: Final = ScopeRules()
