"""Parts of the graph's descriptions that follow from declarations."""

from __future__ import annotations

from models.vocabulary import Permission
from resolvers.operation import Facts


def needing(description: str, needs: Facts | Permission | None) -> str:
    """The description, plus the needed permission unless it names that itself."""
    permissions = needs.permissions if isinstance(needs, Facts) else (needs,) if needs else ()
    if not permissions or "Needs " in description:
        return description
    return f"{description} Needs {' or '.join(permissions)}."


def with_article(noun: str) -> str:
    """`A place`, `An event`."""
    return f"{'An' if noun[0].upper() in 'AEIO' else 'A'} {noun}"
