"""Values of an auth group that its type has no use for, from clients that send one form for all types."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from models.vocabulary import AuthType
from resolvers.auth_kinds import KINDS
from resolvers.faults import Faults
from resolvers.integrations.auth import IntegrationAuth, check_auth
from resolvers.unset import UNSET, Unset

_OF_TOKENS: Final = ("client_id", "client_secret", "scopes", "authorization_url", "token_url", "revocation_url")
_OF_KEYS: Final = ("api_key_name",)


def without_faulty_unused(auth: IntegrationAuth, otherwise: AuthType) -> IntegrationAuth:
    """The auth group without unused values that would be refused. `otherwise`: the type unless the group has one.

    Good ones stay: they are stored, secrets sealed as ever, and used once the type is one that has a use for them.
    """
    kind = KINDS[otherwise if isinstance(auth.type, Unset) else auth.type or AuthType.NONE]
    unused = (() if kind.renewed else _OF_TOKENS) + (() if kind.has_key_name else _OF_KEYS)
    return replace(auth, **{name: UNSET for name in unused if _is_faulty(auth, name)})


def _is_faulty(auth: IntegrationAuth, name: str) -> bool:
    faults = Faults()
    check_auth(faults, replace(IntegrationAuth(), **{name: getattr(auth, name)}))
    return bool(faults.found)
