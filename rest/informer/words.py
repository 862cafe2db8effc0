"""The vendor's words for those of the hub."""

from __future__ import annotations

from typing import Final

from models.vocabulary import ApiKeyLocation, AuthType, ConnectionMode
from wire.callback import CallbackAddress

#: The vendor documents a redirect (302) to a page that reports the success.
CALLBACK: Final = CallbackAddress(path="/informer/oauth2/callback", redirects=True)

MODES: Final = {"per-user": ConnectionMode.PER_USER, "shared": ConnectionMode.SHARED}
AUTH_TYPES: Final = {
    "oauth2": AuthType.OAUTH2,
    "apikey": AuthType.API_KEY,
    "basic": AuthType.BASIC,
    "bearer": AuthType.BEARER,
}
KEY_LOCATIONS: Final = {"header": ApiKeyLocation.HEADER, "query": ApiKeyLocation.QUERY}

SHOWN_MODE: Final = {ours: theirs for theirs, ours in MODES.items()}
#: A value that the vendor has no word for is shown as the nearest one.
SHOWN_AUTH_TYPE: Final = {
    **{ours: theirs for theirs, ours in AUTH_TYPES.items()},
    AuthType.CLIENT_CREDENTIALS: "oauth2",
    AuthType.NONE: "bearer",
}
#: Groups of types that are shown as one. A client that writes back the shown type changes nothing.
INDISTINCT: Final = tuple(
    frozenset(ours for ours, shown in SHOWN_AUTH_TYPE.items() if shown == theirs) for theirs in AUTH_TYPES
)
