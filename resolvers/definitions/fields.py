"""Fields of a definition that are read from its body, with defaults for absent values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.tables import Definition


def supports_verification(row: Definition) -> bool:
    """Whether a job can verify the credentials."""
    return row.body.get("verification") is not None


def supports_multiple(row: Definition) -> bool:
    """Whether an organization may have more than one integration of it."""
    return bool((row.body.get("supports") or {}).get("multiple", True))


def editable(row: Definition) -> bool:
    """Whether an integration of it can be changed; otherwise it is deleted and made anew."""
    return bool((row.body.get("supports") or {}).get("editable", True))


def scopes(row: Definition) -> Sequence[str]:
    """The scopes that the vendor offers."""
    offered: Sequence[str] = row.body.get("auth", {}).get("scopes", ())
    return offered


def is_secret(field: dict[str, Any]) -> bool:
    """Whether a field is shown as dots: `secret` if given, else whether its group is SECRET."""
    said = field.get("secret")
    return field["group"] == "SECRET" if said is None else bool(said)
