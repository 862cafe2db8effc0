"""Examples of event types: each must be a payload that the declared schema allows."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Sequence

from models.errors import InvalidInput, Violation
from proxy.inputs import Validator
from resolvers.capabilities.manifest import DeclareEventType
from resolvers.hub import Hub


async def judge_examples(hub: Hub, manifest: Sequence[DeclareEventType], *, lane: str) -> None:
    """Judge every example by its schema, outside of any transaction. `lane`: the organization.

    Raises InvalidInput with the faults of the first example that has some, and TooMany if too many wait to be judged.
    """
    for index, one in enumerate(manifest):
        if one.schema is not None and one.example is not None:
            validator = await to_thread(Validator.of, one.schema)
            path = ("event_types", str(index), "example")
            found: list[Violation] = await validator.violations(hub.apart, one.example, path, lane=lane)
            if found:
                raise InvalidInput(found)
