"""The context of every resolver: the caller and the request's loaders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import strawberry

from resolvers.caller import Caller
from resolvers.loaders.loaders import Loaders


@dataclass(frozen=True, kw_only=True)
class Context:
    """The caller and the loaders of one request."""

    caller: Caller
    loaders: Loaders


Info = strawberry.Info[Context, Any]
