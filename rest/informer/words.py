"""The vendor's words for what the hub calls otherwise."""

from __future__ import annotations

from typing import Final

from models.vocabulary import ApiKeyLocation, AuthType, ConnectionMode

MODES: Final = {"per-user": ConnectionMode.PER_USER, "shared": ConnectionMode.SHARED}
AUTH_TYPES: Final = {
    "oauth2": AuthType.OAUTH2,
    "apikey": AuthType.API_KEY,
    "basic": AuthType.BASIC,
    "bearer": AuthType.BEARER,
}
KEY_LOCATIONS: Final = {"header": ApiKeyLocation.HEADER, "query": ApiKeyLocation.QUERY}

SHOWN_MODE: Final = {ours: theirs for theirs, ours in MODES.items()}
#: What the vendor has no word for is shown as what is nearest.
SHOWN_AUTH_TYPE: Final = {
    **{ours: theirs for theirs, ours in AUTH_TYPES.items()},
    AuthType.CLIENT_CREDENTIALS: "oauth2",
    AuthType.NONE: "bearer",
}
#: So a client that writes back what it has read changes nothing.
ALIKE: Final = tuple(
    frozenset(ours for ours, shown in SHOWN_AUTH_TYPE.items() if shown == theirs) for theirs in AUTH_TYPES
)
