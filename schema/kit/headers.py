"""Headers of integrations: output and input."""

from __future__ import annotations

import strawberry

from schema.kit.field import column


@strawberry.type(description="A header with `${user.*}` and `${tenant.*}`; a literal value is shown masked.")
class HeaderTemplate:
    """A header's name and hint, never its full literal value."""

    name: str = column("Header name.")
    value: str = column("Template, or `…` and the last characters of a literal.")


@strawberry.input(description="A header to add.")
class HeaderInput:
    name: str = strawberry.field(description="Name.")
    value: str = strawberry.field(description="Literal or template.")
