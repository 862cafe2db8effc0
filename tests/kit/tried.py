"""A refused token, for the operation that notes it."""

from __future__ import annotations

from resolvers.credentials.held import HeldToken
from resolvers.oauth.challenge import Refusal
from resolvers.oauth.standing import TokenTried
from tests.harness.estate import Estate


def refused_token(estate: Estate) -> tuple[TokenTried]:
    """The first renewed token of the estate's shared connection, refused as invalid."""
    held = HeldToken(
        connection_id=estate.shared.id, organization_id=estate.tenant.id, version=0, due=False, renewable=True
    )
    return (TokenTried(held=held, version=0, refusal=Refusal.INVALID_TOKEN),)
