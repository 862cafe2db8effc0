"""Refuses credentials in addresses: proxies, logs and browser histories keep those (RFC 6750 §5.3)."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.types import Scope

from wire.refusal import BadRequest

#: Compared without case, `_` and `-`: `api_key`, `apiKey` and `API-KEY` are one name.
CREDENTIAL_NAMES = frozenset({"accesstoken", "apikey", "authorization", "bearer", "token"})


def refuse_credentials_in_query(scope: Scope) -> None:
    """Raises BadRequest 400 if a parameter of the query string is named like a credential.

    Empties the scope's query string first: uvicorn writes its access log from it when the answer starts.
    """
    raw: bytes = scope.get("query_string", b"")
    for name, _ in parse_qsl(raw.decode("latin-1"), keep_blank_values=True):
        if name.lower().replace("_", "").replace("-", "") in CREDENTIAL_NAMES:
            scope["query_string"] = b""
            raise BadRequest(400, "Send credentials in the Authorization header, never in the address.")
