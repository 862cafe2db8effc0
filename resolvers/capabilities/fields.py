"""Fields of capabilities that are not columns."""

from __future__ import annotations

from models.tables import Capability
from proxy.inputs import SimpleInput, simple_inputs_of


def inputs(capability: Capability) -> tuple[SimpleInput, ...]:
    """The top-level inputs, in order."""
    return simple_inputs_of(capability.input_schema, capability.method, capability.endpoint)
