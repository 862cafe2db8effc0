"""Background work on OAuth tokens: those of a removed connection are revoked."""

from __future__ import annotations

from typing import Final

from resolvers.background import Background
from resolvers.oauth.revocation import REVOKE, revoke

BACKGROUND: Final = {REVOKE: Background(run=revoke)}
