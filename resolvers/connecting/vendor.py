"""What the hub knows of a vendor's OAuth beyond the integration's own columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from models.tables import Definition, Integration
from proxy.address import check_base_url


@dataclass(frozen=True, kw_only=True)
class Vendor:
    """`issuer`: who answers and signs (RFC 9207 §2.4). `userinfo_url`: OpenID Connect Core §5.3."""

    separator: str = " "
    parameters: Mapping[str, str] = field(default_factory=dict)
    issuer: str | None = None
    userinfo_url: str | None = None


def vendor_of(integration: Integration, definition: Definition | None) -> Vendor:
    """From the definition; of an integration without one, `issuer` and `accountUri` among its own parameters."""
    auth = definition.body.get("auth") if definition is not None else None
    known: Mapping[str, Any] = auth if isinstance(auth, dict) else {}
    parameters = known.get("authorizationParameters")
    return Vendor(
        separator=_text(known.get("scopeSeparator")) or " ",
        parameters={str(k): str(v) for k, v in parameters.items()} if isinstance(parameters, dict) else {},
        issuer=_text(known.get("issuer")) or _text(integration.parameters.get("issuer")),
        userinfo_url=_text(known.get("userinfoUrl")) or _account_url(integration),
    )


def _account_url(integration: Integration) -> str | None:
    """An address of its own, or a path below the API's base."""
    given = _text(integration.parameters.get("accountUri"))
    if given is None or not given.startswith("/"):
        return given if given and check_base_url(given) is None else None
    return integration.api_base_url.rstrip("/") + given if integration.api_base_url else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
