"""What is shown of a definition: its row, and the parts of its body with what they have unless they say so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.tables import Definition


def supports_verification(row: Definition) -> bool:
    """A verify job can check the credentials."""
    return row.body.get("verification") is not None


def supports_multiple(row: Definition) -> bool:
    """More than one integration of it in an organization."""
    return bool((row.body.get("supports") or {}).get("multiple", True))


def scopes(row: Definition) -> Sequence[str]:
    """Scopes that the vendor offers."""
    offered: Sequence[str] = row.body.get("auth", {}).get("scopes", ())
    return offered


def is_secret(field: dict[str, Any]) -> bool:
    """Whether a field is shown as dots: those of the group SECRET unless it says so."""
    said = field.get("secret")
    return field["group"] == "SECRET" if said is None else bool(said)
