"""Handlers and slugs made from names, and made unique."""

from __future__ import annotations

import unicodedata
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from models.tables import Organization
from resolvers.faults import WORD
from resolvers.work import Work


def handler_from(name: str) -> str:
    """`Stripe Global Payments` → `STRIPE_GLOBAL_PAYMENTS`; `APP` if a name has no Latin letters."""
    handler = "_".join(_words(name)).upper()[: WORD - 8].strip("_")
    return handler if handler[:1].isalpha() else f"APP_{handler}".strip("_")


def slug_from(name: str) -> str:
    """`Stripe Global Payments` → `stripe-global-payments`."""
    return "-".join(_words(name))[: WORD - 8].strip("-") or "app"


async def free(work: Work, column: Any, wanted: str, joint: str, *conditions: Any) -> str:
    """`wanted`, with a number if a row that meets the conditions has it already.

    Other transactions that make a name in this organization wait for the end of this one, so that names differ.
    """
    here = select(col(Organization.id)).where(col(Organization.id) == work.organization_id)
    await work.session.execute(here.with_for_update(key_share=True))  # references to it do not wait
    like = column.like(wanted.replace("_", r"\_") + "%", escape="\\")
    taken = set((await work.session.execute(select(column).where(like, *conditions))).scalars())
    number = 2
    candidate = wanted
    while candidate in taken or candidate == "HUB":
        candidate, number = f"{wanted}{joint}{number}", number + 1
    return candidate


def _words(name: str) -> list[str]:
    """The words of a name: without accents and without letters of other scripts; other characters separate words."""
    letters = unicodedata.normalize("NFKD", name).lower()
    parted = "".join(one if one.isalnum() or unicodedata.combining(one) else " " for one in letters)
    return parted.encode("ascii", "ignore").decode().split()
