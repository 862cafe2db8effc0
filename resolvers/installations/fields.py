"""Fields of installations and of their places that are not columns."""

from __future__ import annotations

from typing import Any

import orjson

from models.errors import Forbidden
from models.secret_column import secret_place
from models.tables import Installation, InstallationPlace
from models.vocabulary import Permission
from resolvers.caller import Caller


def configuration(row: Installation | InstallationPlace, caller: Caller) -> dict[str, Any]:
    """The installer's values, unsealed. Raises Forbidden without INSTALLATIONS_READ."""
    if not caller.may(Permission.INSTALLATIONS_READ):
        raise Forbidden(permission=Permission.INSTALLATIONS_READ)
    if row.configuration is None:
        return {}
    opened = caller.hub.keyring.open(row.configuration, secret_place(row, "configuration"))
    values: dict[str, Any] = orjson.loads(opened)
    return values
